/**
 * The fence: every write of a worker names its attempt, and changes nothing if that is no longer the run's.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { type RawBuilder, sql } from "kysely";
import { attemptUuid } from "../runs/log-batch.ts";
import { parseJobId } from "./find-job.ts";

export interface Attempt {
  readonly runId: string;
  readonly token: string;
  /** The condition on the run's row; in an UPDATE Postgres checks it on the newest row, after whoever held the lock. */
  readonly holds: RawBuilder<unknown>;
}

/** @throws AppError JOB_NOT_FOUND, ATTEMPT_LOST if the token can be none */
export function attemptOf({ runId, attemptToken }: { runId: string; attemptToken: string }): Attempt {
  const uuid = parseJobId(runId);
  const token = attemptUuid({ runId, attemptToken });
  if (token === null) throw new AppError("ATTEMPT_LOST", { run: runId });
  return { runId, token, holds: sql`run_id = ${uuid}::uuid and attempt_token = ${token}::uuid and status = 2` };
}

/** The row that the fenced write gave back. @throws AppError ATTEMPT_LOST if it changed none */
export function requireAttempt<T>({ runId }: Attempt, row: T | undefined): T {
  if (row === undefined) throw new AppError("ATTEMPT_LOST", { run: runId });
  return row;
}
