/**
 * `mintmark jobs`: training that is queued, running or done.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Job, LogLine } from "@mintmark/proto/mintmark/training/v1/job";
import type { Command } from "commander";
import { type Answer, table, time } from "../answer.ts";
import { pages } from "../pages.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { hasEnded, jobJson, progressBar, statusOf, warningLine } from "./job-json.ts";
import { group, integer, repeated } from "./options.ts";
import { watchJob } from "./watch-job.ts";

export function addJobsCommands(program: Command, run: Run): void {
  const jobs = group(program, "jobs", "training jobs");

  const list = jobs.command("list").description("jobs, the latest first");
  list.option("--limit <n>", "at most this many", integer("--limit", 1, 100_000), 100);
  list.option(
    "--status <status>",
    "only queued, running, finished, failed or cancelled; may be repeated",
    repeated,
    [],
  );
  list.action((options: ListJobs) => run(list, (session) => listJobs(session, options)));

  const show = jobs.command("show").description("one job").argument("<id>");
  show.action((id: string) => run(show, (session) => showJob(session, id)));

  const watch = jobs.command("watch").description("follow a job to its end").argument("<id>");
  watch.action((id: string) => run(watch, async (session) => jobAnswer(await watchJob(session, id))));

  const logs = jobs.command("logs").description("what a job wrote").argument("<id>");
  logs.option("--follow", "go on until the job has ended", false);
  logs.action((id: string, options: { follow: boolean }) =>
    run(logs, (session) => jobLogs(session, id, options.follow)),
  );

  const cancel = jobs.command("cancel").description("end a job").argument("<id>");
  cancel.action((id: string) => run(cancel, (session) => cancelJob(session, id)));

  const retry = jobs.command("retry").description("queue a failed or cancelled job once more").argument("<id>");
  retry.action((id: string) => run(retry, (session) => retryJob(session, id)));
}

interface ListJobs {
  readonly limit: number;
  readonly status: readonly string[];
}

export async function listJobs({ client }: Session, { limit, status }: ListJobs): Promise<Answer> {
  const jobs = await pages(limit, "jobs", (page) => client.jobs.listJobs({ statuses: [...status], ...page }));
  const rows = jobs.map((job) => [job.run!.id, statusOf(job), job.model, job.version, time(job.run!.createTime)]);
  return { text: table(["ID", "STATUS", "MODEL", "VERSION", "CREATED"], rows), json: jobs.map(jobJson) };
}

export async function showJob({ client }: Session, id: string): Promise<Answer> {
  const { job } = await client.jobs.getJob({ id });
  return { ...jobAnswer(job!), exitCode: 0 };
}

export async function cancelJob({ client }: Session, id: string): Promise<Answer> {
  const { job } = await client.jobs.cancelJob({ id });
  return { ...jobAnswer(job!), exitCode: 0 };
}

export async function retryJob({ client }: Session, id: string): Promise<Answer> {
  const { job } = await client.jobs.retryJob({ id });
  return { ...jobAnswer(job!), exitCode: 0 };
}

/** Lines as they come, if `follow`; with `--json` all of them at the end. */
export async function jobLogs(session: Session, id: string, follow: boolean): Promise<Answer> {
  const { client, signal } = session;
  const lines: LogLine[] = [];
  let pageToken = "";
  while (true) {
    const ended = !follow || hasEnded((await client.jobs.getJob({ id })).job!);
    const page = await client.jobs.listJobLogs({ id, pageSize: 1000, pageToken });
    const last = lines.at(-1)?.number ?? 0n;
    const fresh = page.lines.filter((line) => line.number > last);
    lines.push(...fresh);
    if (follow) for (const line of fresh) session.progress.line(logText(line));
    if (page.nextPageToken !== "") pageToken = page.nextPageToken;
    // A list that has caught up gives no token: its last page is read again, for the lines that it did not have yet.
    else if (ended) break;
    else await sleep(500, undefined, { signal });
  }
  const json = lines.map((line) => ({
    number: Number(line.number),
    time: time(line.time),
    level: line.level,
    text: line.text,
  }));
  return { text: follow ? "" : lines.map(logText).join("\n"), json };
}

/** Exit code 1 for a job that did not end well. */
export function jobAnswer(job: Job): Answer {
  const { metrics, warnings, params: _, tags: __, progress: ___, error, ...fields } = jobJson(job);
  const lines = Object.entries(fields).map(([key, value]) => `${key.padEnd(11)} ${value}`.trimEnd());
  if (job.progress !== undefined && !hasEnded(job)) lines.push(`progress    ${progressBar(job.progress)}`);
  if (error !== null) lines.push(`error       ${error.message} (${error.reason})`);
  for (const [key, value] of Object.entries(metrics)) lines.push(`  ${key} ${value}`);
  lines.push(...warnings.map(warningLine));
  const isBad = statusOf(job) === "failed" || statusOf(job) === "cancelled";
  return { text: lines.join("\n"), json: jobJson(job), exitCode: isBad ? 1 : 0 };
}

function logText({ time: at, level, text }: LogLine): string {
  return `${time(at)} ${level.padEnd(5)} ${text}`;
}
