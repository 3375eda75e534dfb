/**
 * Gives a job to one worker: a new attempt, whose token fences off every attempt before.
 * @module
 */
import { AppError } from "@mintmark/errors";
import type { Job } from "@mintmark/proto/mintmark/training/v1/job";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { hasEnded, jobStatusName } from "../runs/run-status.ts";
import { findJobRow, jobMessage, parseJobId } from "./find-job.ts";
import { retries } from "./job-deps.ts";

export interface ClaimJob {
  readonly runId: string;
  readonly worker: string;
  readonly leaseMs: number;
}

export interface Claimed {
  readonly job: Job;
  readonly attemptToken: string;
  /** Hex digits; empty if no earlier attempt kept a state. */
  readonly checkpoint: string;
  readonly event: bigint;
}

/** @throws AppError JOB_NOT_FOUND, JOB_ENDED, JOB_CLAIMED */
export async function claimJob(db: Db, { runId, worker, leaseMs }: ClaimJob): Promise<Claimed> {
  const uuid = parseJobId(runId);
  // One UPDATE: of any number of workers the first to lock the row wins, the others see what it wrote.
  const { rows } = await sql<{ token: string; event: bigint }>`
    with claimed as (
      update run set attempt_token = gen_random_uuid(), status = 2, worker = ${worker}, attempts = attempts + 1,
        claim_lease = ${leaseMs} * interval '1 millisecond',
        claim_expires_at = clock_timestamp() + ${leaseMs} * interval '1 millisecond',
        started_at = coalesce(started_at, clock_timestamp()), progress = null, error = null
      where run_id = ${uuid}::uuid and is_job and (status = 1 or (status = 2 and claim_expires_at < clock_timestamp()
        and not cancel_requested and attempts < ${retries.maxAttempts}))
      returning attempt_token, attempts
    )
    select attempt_token as token, pg_notify('mintmark_run', ${runId}), record_event('job.started', null, ${worker},
      jsonb_build_object('run', ${runId}::text, 'attempt', attempts)) as event
    from claimed`.execute(db);
  const row = await findJobRow(db, runId);
  const claimed = rows[0];
  if (claimed !== undefined)
    return {
      job: jobMessage(row),
      attemptToken: claimed.token,
      checkpoint: row.checkpoint ?? "",
      event: claimed.event,
    };
  const { status } = jobMessage(row).run!;
  if (hasEnded(status)) throw new AppError("JOB_ENDED", { run: runId, status: jobStatusName(status) });
  throw new AppError("JOB_CLAIMED", { run: runId, worker: row.worker });
}
