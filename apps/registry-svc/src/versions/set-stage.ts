/**
 * Moves a version to a stage; the rule is the function `set_stage` of `0003_model.sql`.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { isVersionNumber } from "@mintmark/names/int4";
import { Stage } from "@mintmark/proto/mintmark/registry/v1/version";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { invalid } from "../fields.ts";
import { findModel } from "../models/find-model.ts";
import type { AboutVersion } from "./describe-version.ts";
import { stages } from "./find-version.ts";

export interface SetStage extends AboutVersion {
  /** As stored. */
  readonly stage: number;
  readonly archiveExisting: boolean;
}

/**
 * @returns the number of the event; `undefined` if nothing changed
 * @throws AppError `MODEL_NOT_FOUND`, `VERSION_NOT_FOUND`
 */
export async function setStage(db: Db, request: SetStage): Promise<bigint | undefined> {
  const { name, number, stage, archiveExisting, actor } = request;
  const { model_pk } = await findModel(db, name);
  const { rows } = isVersionNumber(number)
    ? await sql<{ event: bigint | null }>`
        select set_stage(${model_pk}, ${number}, ${stage}::smallint, ${archiveExisting}, ${actor}) as event`.execute(db)
    : { rows: [] };
  const event = rows[0]?.event ?? null;
  if (event === null) throw new AppError("VERSION_NOT_FOUND", { model: name.written, version: String(number) });
  return event === 0n ? undefined : event;
}

/**
 * Versions make room for another only in a stage that is meant for one.
 * @throws AppError `REQUEST_INVALID`
 */
export function requireArchivable(stage: Stage): void {
  if (stage === Stage.STAGING || stage === Stage.PRODUCTION) return;
  throw invalid("archive_existing", "can only be true for the stages Staging and Production");
}

/** @throws AppError `REQUEST_INVALID` for a stage that is not stated or not known */
export function storedStage(stage: Stage): number {
  const stored = stages.indexOf(stage);
  if (stored === -1) throw invalid("stage", "must be stated");
  return stored;
}
