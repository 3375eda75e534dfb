/**
 * Deletes a model. Its rows stay, for history and audit, but nothing finds them by name, and the name is free.
 * @module
 */
import { AppError } from "@mintmark/errors";
import type { ModelName } from "@mintmark/names/model-name";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { changeModel } from "./change-model.ts";
import { findModel } from "./find-model.ts";

export interface DeleteModel {
  readonly name: ModelName;
  readonly actor: string;
  /** Whether to refuse while an alias points at a version. */
  readonly refuseAliased: boolean;
}

/**
 * @returns the number of the event
 * @throws AppError `MODEL_NOT_FOUND`, `MODEL_ALIASED`
 */
export async function deleteModel(db: Db, { name, actor, refuseAliased }: DeleteModel): Promise<bigint> {
  // Moves of aliases take the same lock first, so that none comes between the question and the deletion.
  const unaliased = refuseAliased
    ? sql`and not exists (select from alias a where a.model_pk = locked.model_pk)`
    : sql``;
  const event = await changeModel(db, {
    name,
    actor,
    event: "model.deleted",
    detail: {},
    updates: true,
    steps: sql`changed as (
      update model m set deleted_at = clock_timestamp()
      from locked where m.model_pk = locked.model_pk and m.deleted_at is null ${unaliased} returning m.model_pk)`,
  });
  if (event !== undefined) return event;
  const { aliases } = await findModel(db, name);
  throw new AppError("MODEL_ALIASED", { model: name.written, aliases: Object.keys(aliases ?? {}) });
}
