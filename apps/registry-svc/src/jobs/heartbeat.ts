/**
 * A worker's sign of life: moves the end of its claim, brings progress, takes home whether to stop.
 * @module
 */
import { create, toJson } from "@bufbuild/protobuf";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import { type Progress, ProgressSchema } from "@mintmark/proto/mintmark/training/v1/job";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { requireText } from "../fields.ts";
import { type Attempt, requireAttempt } from "./attempt.ts";

/**
 * @param progress unchanged if undefined
 * @returns whether somebody has asked to cancel the job
 * @throws AppError ATTEMPT_LOST
 */
export async function heartbeat(db: Db, attempt: Attempt, progress: Progress | undefined): Promise<boolean> {
  const { rows } = await sql<{ cancel_requested: boolean }>`
    with renewed as (
      update run set claim_expires_at = clock_timestamp() + claim_lease,
        progress = coalesce(${progress === undefined ? null : progressJson(progress)}::jsonb, progress)
      where ${attempt.holds} returning cancel_requested
    )
    select cancel_requested ${progress === undefined ? sql`` : sql`, pg_notify('mintmark_run', ${attempt.runId})`}
    from renewed`.execute(db);
  return requireAttempt(attempt, rows[0]).cancel_requested;
}

// The JSON form of the protocol has words for NaN and infinity, which a loss may be and JSON cannot hold.
function progressJson(progress: Progress): string {
  requireText("progress.step", progress.step, 100);
  const { time = timestampNow(), ...rest } = progress;
  return JSON.stringify(toJson(ProgressSchema, create(ProgressSchema, { ...rest, time })));
}
