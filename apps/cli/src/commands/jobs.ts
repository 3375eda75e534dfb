/**
 * `mintmark jobs`: training that is queued, running or done.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "@mintmark/errors";
import type { Job, LogLine } from "@mintmark/proto/mintmark/training/v1/job";
import type { Command } from "commander";
import { type Answer, date, fields, metricLines, time } from "../answer.ts";
import { runId } from "../naming.ts";
import { pages } from "../pages.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { digest, type TableColumn, table } from "../table.ts";
import { printable, type View } from "../view.ts";
import { hasEnded, jobJson, jobStatuses, progressBar, statusCell, statusOf, warningLine } from "./job-json.ts";
import { examples, group, integer, repeatedChoice } from "./options.ts";
import { watchJob } from "./watch-job.ts";

export function addJobsCommands(program: Command, run: Run): void {
  const jobs = group(program, "jobs", "training jobs", "mintmark jobs list --status running");

  const list = jobs.command("list").description("jobs, the latest first");
  list.option("--limit <n>", "at most this many", integer("--limit", 1, 100_000), 100);
  list.addOption(repeatedChoice("--status <status>", "only in this state; may be repeated", jobStatuses));
  examples(list, "mintmark jobs list --status running");
  list.action((options: ListJobs) => run(list, (session) => listJobs(session, options)));

  const show = jobs.command("show").description("one job").argument("<run>", idArgument);
  examples(show, "mintmark jobs show 0af1c2");
  show.action((id: string) => run(show, (session) => showJob(session, id)));

  const watch = jobs.command("watch").description("follow a job to its end").argument("<run>", idArgument);
  watch.action((text: string) =>
    run(watch, async (session) => jobAnswer(await watchJob(session, await runId(session, text)))),
  );
  examples(watch, "mintmark jobs watch 0af1c2");

  const logs = jobs.command("logs").description("what a job wrote").argument("<run>", idArgument);
  examples(logs, "mintmark jobs logs 0af1c2 --follow");
  logs.option("--follow", "go on until the job has ended", false);
  logs.action((id: string, options: { follow: boolean }) =>
    run(logs, (session) => jobLogs(session, id, options.follow)),
  );

  const cancel = jobs.command("cancel").description("end a job").argument("<run>", idArgument);
  examples(cancel, "mintmark jobs cancel 0af1c2");
  cancel.action((id: string) => run(cancel, (session) => cancelJob(session, id)));

  const retry = jobs
    .command("retry")
    .description("queue a failed or cancelled job once more")
    .argument("<run>", idArgument);
  examples(retry, "mintmark jobs retry 0af1c2");
  retry.action((id: string) => run(retry, (session) => retryJob(session, id)));
}

const idArgument = "the id of its run, or the beginning of it";

interface ListJobs {
  readonly limit: number;
  readonly status: readonly string[];
}

export async function listJobs({ client }: Session, { limit, status }: ListJobs): Promise<Answer> {
  const jobs = await pages(limit, "jobs", (page) => client.jobs.listJobs({ statuses: [...status], ...page }));
  return { text: (view) => table(jobColumns, jobs, view), json: jobs.map(jobJson) };
}

const jobColumns: readonly TableColumn<Job>[] = [
  { heading: "ID", cell: ({ run }) => digest(run!.id) },
  { heading: "STATUS", cell: (job) => statusCell(statusOf(job)) },
  { heading: "MODEL", cell: ({ model }) => model },
  { heading: "VERSION", cell: ({ version }) => numberOf(version) },
  { heading: "CREATED", cell: ({ run }) => date(run!.createTime) },
];

/** Of a URI of a version; none where the job has registered none. */
function numberOf(version: string): number | undefined {
  return version === "" ? undefined : Number(version.slice(version.lastIndexOf("/") + 1));
}

export async function showJob(session: Session, text: string): Promise<Answer> {
  const { job } = await session.client.jobs.getJob({ id: await runId(session, text) });
  return { ...jobAnswer(job!), exitCode: 0 };
}

/** @throws AppError NOTHING_TO_CANCEL */
export async function cancelJob(session: Session, text: string): Promise<Answer> {
  const { jobs } = session.client;
  const id = await runId(session, text);
  const { job: before } = await jobs.getJob({ id });
  if (hasEnded(before!)) throw new AppError("NOTHING_TO_CANCEL", { run: id, status: statusOf(before!) });
  const { job } = await jobs.cancelJob({ id });
  return { ...jobAnswer(job!), exitCode: 0 };
}

export async function retryJob(session: Session, text: string): Promise<Answer> {
  const { job } = await session.client.jobs.retryJob({ id: await runId(session, text) });
  return { ...jobAnswer(job!), exitCode: 0 };
}

/** Lines as they come, if `follow`; with `--json` all of them at the end. */
export async function jobLogs(session: Session, text: string, follow: boolean): Promise<Answer> {
  const { client, signal } = session;
  const id = await runId(session, text);
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
  const { metrics, warnings, params: _, tags: __, progress: ___, error, ...about } = jobJson(job);
  const isGoingOn = job.progress !== undefined && !hasEnded(job);
  const text = (view: View) =>
    [
      fields([
        ...Object.entries(about),
        ...(isGoingOn ? [["progress", progressBar(job.progress!)] as const] : []),
        ...(error === null ? [] : [["error", `${error.message} (${error.reason})`] as const]),
      ]),
      ...metricLines(metrics, view),
      ...warnings.map((warning) => warningLine(warning, view)),
    ].join("\n");
  const isBad = statusOf(job) === "failed" || statusOf(job) === "cancelled";
  return { text, json: jobJson(job), exitCode: isBad ? 1 : 0 };
}

function logText({ time: at, level, text }: LogLine): string {
  return printable(`${time(at)} ${level.padEnd(5)} ${text}`);
}
