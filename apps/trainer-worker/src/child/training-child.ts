/**
 * One child process, from the worker's side: it trains one job and ends. The worker's own thread never computes, so that
 * claims and locks are renewed however busy a fit is, and a crash takes nothing with it. All temporary files of the child are in a
 * folder of its own, which goes when it has ended, however it did.
 * @module
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { makeScratch } from "@mintmark/scratch/scratch";
import { crashFailure, type Failure } from "../failure.ts";
import type { ChildCheckpoint, ChildLogLine, StepProgress, ToChild, ToWorker } from "./messages.ts";

export interface ChildJob {
  /** A `Job`, encoded. */
  readonly job: Uint8Array;
  readonly attemptToken: string;
  /** BLAKE3 of the state that an earlier attempt kept; empty if none. */
  readonly checkpoint: string;
  readonly onProgress: (progress: StepProgress) => void;
  readonly onLog: (line: ChildLogLine) => void;
  readonly onCheckpoint: (checkpoint: ChildCheckpoint) => void;
}

export type ChildOutcome =
  | { readonly type: "finished"; readonly version: string }
  | { readonly type: "failed"; readonly failure: Failure };

export interface TrainingChild {
  readonly pid: number | undefined;
  /** Once it is warmed up or has ended. */
  readonly warm: Promise<void>;
  readonly hasEnded: () => boolean;
  /** To be called once. The outcome is known when the process and its files are gone. */
  readonly run: (job: ChildJob) => Promise<ChildOutcome>;
  /** Asks it to end, then insists, then kills: within 2 s. */
  readonly stop: () => void;
  readonly kill: () => void;
}

export function startTrainingChild(onOutput: (text: string) => void): TrainingChild {
  const scratch = makeScratch("job");
  const child = fork(fileURLToPath(new URL("./main.ts", import.meta.url)), process.argv.slice(2), {
    env: { ...process.env, TMPDIR: scratch.path },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    serialization: "advanced",
  });
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", onOutput);
  // A child that died has no channel any more; its exit tells the rest.
  child.on("error", () => {});
  const exited = new Promise<Exit>((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
  const ended = exited.finally(scratch.remove);
  return {
    pid: child.pid,
    warm: Promise.race([messageOf(child, "ready"), ended]).then(() => {}),
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    run: (job) => runJob(child, ended, job),
    stop: () => stop(child),
    kill: () => child.kill("SIGKILL"),
  };
}

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

async function runJob(child: ChildProcess, ended: Promise<Exit>, job: ChildJob): Promise<ChildOutcome> {
  let outcome: ChildOutcome | undefined;
  child.on("message", (message: ToWorker) => {
    if (message.type === "progress") job.onProgress(message.progress);
    if (message.type === "log") job.onLog(message.line);
    if (message.type === "checkpoint") job.onCheckpoint(message.checkpoint);
    if (message.type !== "finished" && message.type !== "failed") return;
    outcome = message;
    // It ends by itself; a process that cannot would hold the slot for ever.
    setTimeout(() => child.kill("SIGKILL"), graceMs).unref();
  });
  const { job: encoded, attemptToken, checkpoint } = job;
  send(child, { type: "job", job: encoded, attemptToken, checkpoint });
  const exit = await ended;
  return outcome ?? { type: "failed", failure: crashFailure(exit) };
}

function stop(child: ChildProcess): void {
  send(child, { type: "abort" });
  // A fit holds the child's thread and hears no message; the signal ends it, as the child has no handler for it.
  setTimeout(() => child.kill("SIGTERM"), abortMs).unref();
  setTimeout(() => child.kill("SIGKILL"), abortMs + graceMs).unref();
}

const abortMs = 300;
const graceMs = 1_000;

function send(child: ChildProcess, message: ToChild): void {
  if (child.connected) child.send(message, () => {});
}

function messageOf(child: ChildProcess, type: ToWorker["type"]): Promise<void> {
  return new Promise((resolve) => {
    const listen = (message: ToWorker) => {
      if (message.type !== type) return;
      child.off("message", listen);
      resolve();
    };
    child.on("message", listen);
  });
}
