/**
 * A job as it changes, in whatever process the change is made.
 * @module
 */
import { equals } from "@bufbuild/protobuf";
import { type Job, JobSchema } from "@mintmark/proto/mintmark/training/v1/job";
import { hasEnded } from "../runs/run-status.ts";
import { findJob } from "./find-job.ts";
import type { JobDeps } from "./job-deps.ts";

/** At least so often the job is sent, also unchanged. */
const signOfLifeMs = 2_000;

/**
 * The job now, after each change, and every 2 seconds; ends after the job has ended, or when the signal is aborted.
 * @throws AppError JOB_NOT_FOUND
 */
export async function* watchJob(
  { db, listener }: Pick<JobDeps, "db" | "listener">,
  id: string,
  signal: AbortSignal,
): AsyncIterable<Job> {
  let wake = Promise.withResolvers<void>();
  // Listens before it reads, so that no change falls between.
  const stop = listener.on("mintmark_run", (payload) => {
    if (payload === id || payload === "") wake.resolve();
  });
  const abort = () => wake.resolve();
  signal.addEventListener("abort", abort);
  try {
    let sent: Job | undefined;
    let due = 0;
    while (!signal.aborted) {
      const waken = wake.promise;
      const job = await findJob(db, id);
      if (sent === undefined || !equals(JobSchema, job, sent) || Date.now() >= due) {
        yield job;
        sent = job;
        due = Date.now() + signOfLifeMs;
      }
      if (hasEnded(job.run!.status)) return;
      await orAfter(waken, due - Date.now());
      wake = Promise.withResolvers<void>();
    }
  } finally {
    stop();
    signal.removeEventListener("abort", abort);
  }
}

async function orAfter(work: Promise<void>, milliseconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([work, promise]);
  clearTimeout(timer);
}
