/**
 * Makes good what queueing after the commit can lose: a registry killed between the two, an entry that the queue lost or wrongly
 * called failed, a worker that died with its claim.
 *
 * One at a time over all registries, under an advisory lock. Queueing once too often is harmless (the claim decides), so
 * nothing here has to be atomic with the queue.
 * @module
 */
import { RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { cancelled } from "../jobs/cancel-job.ts";
import { dispatch, type Queueing } from "../jobs/dispatch.ts";
import { type JobDeps, retries } from "../jobs/job-deps.ts";
import { formatRunId } from "../runs/run-id.ts";

export type ReconcilerDeps = Pick<JobDeps, "db" | "queue" | "onQueueError">;

export interface Reconciler {
  /** Returns when no pass is under way any more. */
  readonly stop: () => Promise<void>;
}

/** Passes at once, then `intervalMs` after the end of the last. */
export function startReconciler(deps: ReconcilerDeps, intervalMs = 30_000): Reconciler {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  const loop = async () => {
    // What was accepted a moment ago may be on its way; only the first pass, after a start, takes nothing for granted.
    for (let graceMs = 0, running = true; running; graceMs = 5_000) {
      await reconcile(deps, graceMs).catch(deps.onQueueError);
      running = await elapsed(intervalMs, stopped);
    }
  };
  const done = loop();
  return {
    async stop() {
      stop();
      await done;
    },
  };
}

/**
 * One pass. @returns the runs that were queued again; nothing while another registry passes
 * @param graceMs runs queued less than this ago are left alone
 */
export async function reconcile(deps: ReconcilerDeps, graceMs: number): Promise<readonly Queueing[]> {
  return deps.db.connection().execute(async (db) => {
    const lock = await sql<{ taken: boolean }>`select pg_try_advisory_lock(${lockKey}) as taken`.execute(db);
    if (lock.rows[0]?.taken !== true) return [];
    try {
      await endHopeless(db);
      return await requeueLost(deps, db, graceMs);
    } finally {
      await sql`select pg_advisory_unlock(${lockKey})`.execute(db);
    }
  });
}

/** Any constant that no other program on the database uses. */
const lockKey = 64_686_276;

/** Ends runs whose worker is dead and that no other may start: somebody wants them cancelled, or they kill their workers. */
async function endHopeless(db: Db): Promise<void> {
  const lost = {
    reason: "WORKER_LOST",
    message: `its worker was lost ${retries.maxAttempts} times; look at the worker's memory and log, then retry the job`,
    retryable: false,
  };
  // Sorted, so that every row is locked before the counter of events is: two writers would else wait for each other.
  await sql`
    with ended as (
      update run set status = case when cancel_requested then ${RunStatus.KILLED}::int else ${RunStatus.FAILED}::int end,
        error = case when cancel_requested then ${JSON.stringify(cancelled("request"))}::jsonb else ${JSON.stringify(lost)}::jsonb end,
        ended_at = clock_timestamp(), attempt_token = null
      where is_job and status = 2 and claim_expires_at < clock_timestamp()
        and (cancel_requested or attempts >= ${retries.maxAttempts})
      returning run_id, status
    )
    select pg_notify('mintmark_run', replace(run_id::text, '-', '')), record_event('run.ended', null, 'registry',
      jsonb_build_object('run', replace(run_id::text, '-', ''), 'status', status))
    from (select * from ended order by run_id offset 0)`.execute(db);
}

interface OpenRun extends Queueing {
  readonly run_pk: bigint;
  /** Its worker is dead, so an entry that counts as taken is lost. */
  readonly lapsed: boolean;
}

async function requeueLost(deps: ReconcilerDeps, db: Db, graceMs: number): Promise<Queueing[]> {
  const queued: Queueing[] = [];
  for (const run of await openRuns(db, graceMs)) {
    const state = await deps.queue.stateOf({ runId: formatRunId(run.run_id), number: run.queue_number });
    if (state === "waiting" || (state === "active" && !run.lapsed)) continue;
    const next = await nextQueueing(db, run);
    if (next === undefined) continue;
    await dispatch(deps, next);
    queued.push(next);
  }
  return queued;
}

/** Runs that have not ended and that no living worker has. */
async function openRuns(db: Db, graceMs: number): Promise<readonly OpenRun[]> {
  const { rows } = await sql<OpenRun>`
    select run_pk, run_id, queue_number, status = 2 as lapsed from run
    where is_job and (status = 1 or (status = 2 and claim_expires_at < clock_timestamp()))
      and queued_at <= clock_timestamp() - ${graceMs} * interval '1 millisecond'
    order by run_pk`.execute(db);
  return rows;
}

/** Nothing if the run moved on meanwhile. */
async function nextQueueing(db: Db, { run_pk, queue_number }: OpenRun): Promise<Queueing | undefined> {
  const { rows } = await sql<Queueing>`
    update run set queue_number = queue_number + 1, queued_at = clock_timestamp()
    where run_pk = ${run_pk} and queue_number = ${queue_number}
      and (status = 1 or (status = 2 and claim_expires_at < clock_timestamp()))
    returning run_id, queue_number`.execute(db);
  return rows[0];
}

/** Whether the time has passed; false as soon as `stopped` is. */
async function elapsed(milliseconds: number, stopped: Promise<void>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, milliseconds, true);
  const passed = await Promise.race([promise, stopped.then(() => false)]);
  clearTimeout(timer);
  return passed;
}
