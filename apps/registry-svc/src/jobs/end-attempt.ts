/**
 * Ends an attempt: the run has ended, or is queued again.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import { AttemptEnd } from "@mintmark/proto/mintmark/training/v1/attempt_service";
import type { JobError } from "@mintmark/proto/mintmark/training/v1/job";
import { sql } from "kysely";
import { invalid } from "../fields.ts";
import type { Attempt } from "./attempt.ts";
import { cancelled } from "./cancel-job.ts";
import { dispatch } from "./dispatch.ts";
import { findJobRow } from "./find-job.ts";
import { type JobDeps, retries } from "./job-deps.ts";
import { storable } from "./job-logs.ts";

export interface EndAttempt {
  readonly attempt: Attempt;
  readonly end: AttemptEnd;
  /** Only of a failed attempt. */
  readonly error: JobError | undefined;
  readonly actor: string;
}

/**
 * Repeating the call changes nothing.
 * @returns the number of the event; undefined if the attempt had ended before
 * @throws AppError ATTEMPT_LOST, REQUEST_INVALID
 */
export async function endAttempt(deps: JobDeps, request: EndAttempt): Promise<bigint | undefined> {
  const { attempt, actor } = request;
  const { next, error, counts, fails } = outcomeOf(request);
  const { rows } = await sql<{ run_id: string; queue_number: number; status: number; failures: number; event: bigint }>`
    with ended as (
      update run set
        status = ${next},
        queue_number = queue_number + case when ${next} = 1 then 1 else 0 end,
        queued_at = case when ${next} = 1 then clock_timestamp() else queued_at end,
        ended_at = case when ${next} >= 3 then clock_timestamp() end,
        error = case when ${next} = 5 then ${JSON.stringify(cancelled("request"))}::jsonb else ${error}::jsonb end,
        attempts = attempts - ${counts ? 0 : 1},
        failures = failures + ${fails ? 1 : 0},
        attempt_token = null, claim_expires_at = null, ended_token = attempt_token
      where ${attempt.holds}
      returning run_pk, run_id, queue_number, status, failures
    ), forgotten as (
      update job set checkpoint_blake3 = null from ended
      where job.run_pk = ended.run_pk and ended.status = 3 and checkpoint_blake3 is not null
    )
    select ended.run_id, queue_number, status, failures, pg_notify('mintmark_run', ${attempt.runId}), record_event(
      case when status = 1 then 'job.queued' else 'run.ended' end, null, ${actor},
      jsonb_build_object('run', ${attempt.runId}::text, 'status', status)) as event
    from ended`.execute(deps.db);
  const row = rows[0];
  if (row === undefined) {
    await requireEndedBefore(deps, attempt);
    return undefined;
  }
  if (row.status === RunStatus.SCHEDULED)
    await dispatch(deps, row, fails ? retries.backoffMs * 2 ** (row.failures - 1) : 0);
  return row.event;
}

/** Where the run goes, decided on its newest row; whether the attempt counts, and whether it counts as a failure. */
function outcomeOf({ end, error }: EndAttempt) {
  const again = sql`case when cancel_requested then 5 else 1 end`;
  switch (end) {
    case AttemptEnd.FINISHED:
      return { next: sql`3`, error: null, counts: true, fails: false };
    case AttemptEnd.CANCELLED:
      return { next: sql`5`, error: null, counts: true, fails: false };
    case AttemptEnd.RELEASED:
      return { next: sql`(${again})`, error: null, counts: false, fails: false };
    case AttemptEnd.FAILED: {
      const { reason, message, retryable } = requireError(error);
      const stored = JSON.stringify({ reason: storable(reason), message: storable(message), retryable });
      const left = sql`failures + 1 < ${retries.maxFailures} and attempts < ${retries.maxAttempts}`;
      const next = retryable ? sql`(case when ${left} then ${again} else 4 end)` : sql`4`;
      return { next, error: stored, counts: true, fails: true };
    }
    default:
      throw invalid("end", "must be stated");
  }
}

function requireError(error: JobError | undefined): JobError {
  if (error === undefined || error.reason === "") throw invalid("error", "must say why the attempt failed");
  return error;
}

async function requireEndedBefore({ db }: JobDeps, { runId, token }: Attempt): Promise<void> {
  const { run_pk } = await findJobRow(db, runId);
  const row = await db.selectFrom("run").select("ended_token").where("run_pk", "=", run_pk).executeTakeFirst();
  if (row?.ended_token?.toLowerCase() !== token.toLowerCase()) throw new AppError("ATTEMPT_LOST", { run: runId });
}
