/**
 * Puts a run into the queue, always after the commit that says it belongs there.
 * @module
 */
import { formatRunId } from "@mintmark/names/run-id";
import type { JobDeps } from "./job-deps.ts";

export interface Queueing {
  readonly run_id: string;
  readonly queue_number: number;
}

/** Never throws: what is not in the queue although it should be, the reconciler puts in. */
export async function dispatch(
  { queue, onQueueError }: Pick<JobDeps, "queue" | "onQueueError">,
  { run_id, queue_number }: Queueing,
  delayMs = 0,
): Promise<void> {
  try {
    await queue.enqueue({ runId: formatRunId(run_id), number: queue_number }, { delayMs });
  } catch (error) {
    onQueueError(error);
  }
}
