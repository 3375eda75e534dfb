/**
 * Follows a job to its end, over as many connections as that takes.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "@mintmark/proto/mintmark/training/v1/job";
import { isTransferBroken } from "@mintmark/registry-client";
import { unreachable } from "../failure.ts";
import type { Session } from "../session.ts";
import { hasEnded, progressBar, statusOf } from "./job-json.ts";

/** How long a server that does not answer is waited for: a restarted registry is back within seconds. */
const patienceMs = 60_000;

/** Shows progress until the job has ended, and returns it as it is then. */
export async function watchJob(session: Session, id: string): Promise<Job> {
  const show = progressOf(session);
  let lastHeard = Date.now();
  while (true) {
    try {
      for await (const { job } of session.client.jobs.watchJob({ id }, { signal: session.signal })) {
        lastHeard = Date.now();
        show(job!);
        if (hasEnded(job!)) return job!;
      }
    } catch (error) {
      if (session.signal.aborted || !isTransferBroken(error)) throw error;
      if (Date.now() - lastHeard > patienceMs) throw unreachable(session.server, (error as Error).message);
      session.progress.status("waiting for the server …");
    }
    await sleep(300, undefined, { signal: session.signal });
  }
}

/** A bar on a terminal; elsewhere a line for each state and step. */
function progressOf({ progress }: Session): (job: Job) => void {
  let before = "";
  return (job) => {
    const state = statusOf(job) === "running" ? (job.progress?.step ?? "running") : statusOf(job);
    if (state !== before && !hasEnded(job)) progress.step(state);
    before = state;
    progress.status(hasEnded(job) ? "" : job.progress === undefined ? state : progressBar(job.progress));
  };
}
