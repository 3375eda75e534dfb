/**
 * Asks that a job be ended; one that no living worker has is ended at once.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { findJobRow, parseJobId } from "./find-job.ts";

/**
 * @returns the number of the event; undefined if nothing changed, as the job has ended or the wish is known
 * @throws AppError JOB_NOT_FOUND
 */
export async function cancelJob(db: Db, id: string, actor: string): Promise<bigint | undefined> {
  const uuid = parseJobId(id);
  const error = JSON.stringify(cancelled(actor));
  const { rows } = await sql<{ event: bigint }>`
    with changed as (
      update run set
        cancel_requested = true,
        status = case when ${free} then ${RunStatus.KILLED} else status end,
        ended_at = case when ${free} then clock_timestamp() end,
        error = case when ${free} then ${error}::jsonb end,
        attempt_token = case when ${free} then null else attempt_token end
      where run_id = ${uuid}::uuid and is_job and status in (1, 2) and (${free} or not cancel_requested)
      returning status
    )
    select pg_notify('mintmark_run', ${id}), record_event(
      case when status = ${RunStatus.KILLED} then 'run.ended' else 'job.cancel_requested' end, null, ${actor},
      jsonb_build_object('run', ${id}::text, 'status', status)) as event
    from changed`.execute(db);
  if (rows[0] === undefined) await findJobRow(db, id);
  return rows[0]?.event;
}

/** No worker has it: it waits, or its worker is dead. */
const free = sql`(status = 1 or claim_expires_at < clock_timestamp())`;

/** What a cancelled job shows as its error. */
export function cancelled(actor: string) {
  return { reason: "CANCELLED", message: `cancelled by ${actor}`, retryable: false };
}

/** @throws AppError JOB_NOT_FOUND, JOB_NOT_ENDED, JOB_FINISHED */
export async function requeueEndedJob(
  db: Db,
  id: string,
  actor: string,
): Promise<{ event: bigint; run_id: string; queue_number: number }> {
  const uuid = parseJobId(id);
  const { rows } = await sql<{ event: bigint; run_id: string; queue_number: number }>`
    with changed as (
      update run set status = ${RunStatus.SCHEDULED}, queue_number = queue_number + 1, queued_at = clock_timestamp(),
        started_at = null, ended_at = null, error = null, progress = null, cancel_requested = false, attempts = 0, failures = 0
      where run_id = ${uuid}::uuid and is_job and status in (4, 5)
      returning run_id, queue_number
    )
    select run_id, queue_number, pg_notify('mintmark_run', ${id}),
      record_event('job.queued', null, ${actor}, jsonb_build_object('run', ${id}::text)) as event
    from changed`.execute(db);
  if (rows[0] !== undefined) return rows[0];
  const { status } = await findJobRow(db, id);
  if (status === RunStatus.FINISHED) throw new AppError("JOB_FINISHED", { run: id });
  throw new AppError("JOB_NOT_ENDED", { run: id, status: status === RunStatus.RUNNING ? "running" : "queued" });
}
