/**
 * Keeps the state from which another attempt may go on.
 * @module
 */
import { isHexDigest } from "@mintmark/crypto/manifest";
import { AppError } from "@mintmark/errors";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { invalid } from "../fields.ts";
import { type Attempt, requireAttempt } from "./attempt.ts";

/** @throws AppError ATTEMPT_LOST, CHECKPOINT_NOT_UPLOADED, REQUEST_INVALID */
export async function saveCheckpoint(db: Db, attempt: Attempt, blake3: string): Promise<void> {
  if (!isHexDigest(blake3)) throw invalid("blake3", "must be 64 lower-case hex digits");
  try {
    const { rows } = await sql`
      with fenced as (select run_pk from run where ${attempt.holds} for no key update)
      update job set checkpoint_blake3 = decode(${blake3}, 'hex') from fenced where job.run_pk = fenced.run_pk
      returning 1`.execute(db);
    requireAttempt(attempt, rows[0]);
  } catch (error) {
    if ((error as { code?: unknown }).code !== foreignKeyViolation) throw error;
    throw new AppError("CHECKPOINT_NOT_UPLOADED", { blake3 }, { cause: error });
  }
}

const foreignKeyViolation = "23503";
