/**
 * Gives a model another name; its identity, versions and aliases stay.
 * @module
 */
import { AppError } from "@mintmark/errors";
import type { ModelName } from "@mintmark/names/model-name";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { isUniqueViolation } from "../db/sqlstate.ts";
import { changeModel } from "./change-model.ts";

export interface RenameModel {
  readonly name: ModelName;
  readonly to: ModelName;
  readonly actor: string;
}

/**
 * @returns the number of the event
 * @throws AppError `MODEL_NOT_FOUND`, `NAME_TAKEN`
 */
export async function renameModel(db: Db, { name, to, actor }: RenameModel): Promise<bigint> {
  try {
    const event = await changeModel(db, {
      name,
      actor,
      event: "model.renamed",
      detail: { from: name.full, to: to.full },
      updates: true,
      steps: sql`changed as (
        update model m set full_name = ${to.full}, shown_name = ${to.written}, namespace_pk = namespace_of(${to.catalog}, ${to.schema})
        from locked where m.model_pk = locked.model_pk and m.deleted_at is null returning m.model_pk)`,
    });
    if (event === undefined) throw new AppError("MODEL_NOT_FOUND", { model: name.written });
    return event;
  } catch (error) {
    if (isUniqueViolation(error, "model_name"))
      throw new AppError("NAME_TAKEN", { name: to.written }, { cause: error });
    throw error;
  }
}
