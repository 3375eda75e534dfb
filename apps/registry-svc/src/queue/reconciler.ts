/**
 * Makes good what queueing after the commit can lose: a registry killed between the two, an entry that the queue lost or wrongly
 * called failed, a worker that died with its claim.
 *
 * One at a time over all registries, under an advisory lock. Queueing once too often is harmless (the claim decides), so
 * nothing here has to be atomic with the queue.
 * @module
 */

import { formatRunId } from "@mintmark/names/run-id";
import { RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { cancelled } from "../jobs/cancel-job.ts";
import { dispatch, type Queueing } from "../jobs/dispatch.ts";
import { type JobDeps, retries } from "../jobs/job-deps.ts";

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

/** How many runs are read, asked after and queued at a time. */
const batchSize = 200;

async function requeueLost(deps: ReconcilerDeps, db: Db, graceMs: number): Promise<Queueing[]> {
  const queued: Queueing[] = [];
  let after: bigint | undefined = 0n;
  while (after !== undefined) {
    const open = await openRuns(db, { graceMs, after });
    const isLost = await Promise.all(open.map((run) => isLostIn(deps, run)));
    const next = await nextQueueings(
      db,
      open.filter((_, at) => isLost[at]),
    );
    await Promise.all(next.map((queueing) => dispatch(deps, queueing)));
    queued.push(...next);
    after = open.length < batchSize ? undefined : open.at(-1)?.run_pk;
  }
  return queued;
}

async function isLostIn({ queue }: ReconcilerDeps, { run_id, queue_number, lapsed }: OpenRun): Promise<boolean> {
  const state = await queue.stateOf({ runId: formatRunId(run_id), number: queue_number });
  return state === "gone" || (state === "active" && lapsed);
}

/** Runs after one that have not ended and that no living worker has, by their keys. */
async function openRuns(db: Db, { graceMs, after }: { graceMs: number; after: bigint }): Promise<readonly OpenRun[]> {
  // One ordered index scan a status: the few open ones are found among any number that have ended.
  const { rows } = await sql<OpenRun>`
    select r.* from unnest(array[1, 2]::smallint[]) as open (status) cross join lateral (
      select run_pk, run_id, queue_number, x.status = 2 as lapsed from run x
      where x.is_job and x.status = open.status and x.run_pk > ${after}
        and (x.status = 1 or x.claim_expires_at < clock_timestamp())
        and x.queued_at <= clock_timestamp() - ${graceMs} * interval '1 millisecond'
      order by x.run_pk limit ${batchSize}) r
    order by r.run_pk limit ${batchSize}`.execute(db);
  return rows;
}

/** Without those that moved on meanwhile. */
async function nextQueueings(db: Db, lost: readonly OpenRun[]): Promise<readonly Queueing[]> {
  if (lost.length === 0) return [];
  const { rows } = await sql<Queueing>`
    update run set queue_number = run.queue_number + 1, queued_at = clock_timestamp()
    from unnest(${lost.map(({ run_pk }) => String(run_pk))}::bigint[], ${lost.map(({ queue_number }) => queue_number)}::int[])
      as lost (run_pk, queue_number)
    where run.run_pk = lost.run_pk and run.queue_number = lost.queue_number
      and (status = 1 or (status = 2 and claim_expires_at < clock_timestamp()))
    returning run_id, run.queue_number`.execute(db);
  return rows;
}

/** Whether the time has passed; false as soon as `stopped` is. */
async function elapsed(milliseconds: number, stopped: Promise<void>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, milliseconds, true);
  const passed = await Promise.race([promise, stopped.then(() => false)]);
  clearTimeout(timer);
  return passed;
}
