/**
 * A job as the command line shows it.
 * @module
 */
import { RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import type { Job, Progress } from "@mintmark/proto/mintmark/training/v1/job";
import { time } from "../answer.ts";
import { type Cell, state } from "../table.ts";
import { bar } from "../terminal.ts";
import { printable, type Style, styled, type View } from "../view.ts";

export const jobStatuses = ["queued", "running", "finished", "failed", "cancelled"] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** The words for the state of a job; MLflow has others for the same. */
const statusNames: Readonly<Record<number, JobStatus>> = {
  [RunStatus.SCHEDULED]: "queued",
  [RunStatus.RUNNING]: "running",
  [RunStatus.FINISHED]: "finished",
  [RunStatus.FAILED]: "failed",
  [RunStatus.KILLED]: "cancelled",
};

export function statusOf(job: Job): JobStatus {
  return statusNames[job.run!.status] ?? "queued";
}

export function hasEnded(job: Job): boolean {
  return ["finished", "failed", "cancelled"].includes(statusOf(job));
}

/** What the training warned of: a tag of the run keeps it as a JSON array. A tag that is something else says nothing. */
export function warningsOf(job: Job): readonly string[] {
  try {
    const warnings: unknown = JSON.parse(job.run!.tags["mintmark.warnings"] ?? "[]");
    return Array.isArray(warnings) ? warnings.map(String) : [];
  } catch {
    return [];
  }
}

export function warningLine(warning: string, view: View): string {
  return `${styled("warning:", "uncertain", view)} ${printable(warning)}`;
}

/** A status as it stands in a table. */
export function statusCell(status: JobStatus): Cell {
  return state(status, statusStyles[status]);
}

const statusStyles: Readonly<Record<JobStatus, Style>> = {
  queued: "aside",
  running: "uncertain",
  finished: "good",
  failed: "bad",
  cancelled: "aside",
};

export function jobJson(job: Job) {
  const run = job.run!;
  return {
    run: run.id,
    status: statusOf(job),
    model: job.model,
    version: job.version,
    experiment: run.experiment,
    progress: job.progress === undefined ? null : progressJson(job.progress),
    error: job.error === undefined ? null : { reason: job.error.reason, message: job.error.message },
    attempts: job.attempts,
    worker: job.worker,
    created_at: time(run.createTime),
    started_at: time(run.startTime),
    ended_at: time(run.endTime),
    metrics: run.metrics,
    warnings: warningsOf(job),
    params: run.params,
    tags: run.tags,
  };
}

function progressJson({ step, iteration, iterations, loss, remainingSeconds }: Progress) {
  return { step, iteration, iterations, loss: loss ?? null, remaining_seconds: remainingSeconds ?? null };
}

/** One line for a terminal: step, bar, iteration, loss, time left. */
export function progressBar({ step, iteration, iterations, loss, remainingSeconds }: Progress): string {
  const parts = [step.padEnd(8)];
  if (iterations > 0) parts.push(bar(iteration / iterations), `${iteration}/${iterations}`);
  if (loss !== undefined) parts.push(`loss ${loss.toPrecision(5)}`);
  if (remainingSeconds !== undefined) parts.push(`${Math.ceil(remainingSeconds)} s left`);
  return parts.join(" ");
}
