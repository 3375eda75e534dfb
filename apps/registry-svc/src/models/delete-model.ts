/**
 * Deletes a model. Its rows stay, for history and audit, but nothing finds them by name, and the name is free.
 * @module
 */
import { AppError } from "@mintmark/errors";
import type { ModelName } from "@mintmark/names/model-name";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { changeModel } from "./change-model.ts";

/**
 * @returns the number of the event
 * @throws AppError `MODEL_NOT_FOUND`
 */
export async function deleteModel(db: Db, name: ModelName, actor: string): Promise<bigint> {
  const event = await changeModel(db, {
    name,
    actor,
    event: "model.deleted",
    detail: {},
    updates: true,
    steps: sql`changed as (
      update model m set deleted_at = clock_timestamp()
      from locked where m.model_pk = locked.model_pk and m.deleted_at is null returning m.model_pk)`,
  });
  if (event === undefined) throw new AppError("MODEL_NOT_FOUND", { model: name.written });
  return event;
}
