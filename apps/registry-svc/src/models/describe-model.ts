/**
 * Changes what is said about a model: its description and its tags.
 * @module
 */

import type { ModelName } from "@mintmark/names/model-name";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { changeModel } from "./change-model.ts";

interface About {
  readonly name: ModelName;
  readonly actor: string;
}

/** The number of the event; `undefined` if there is no such model, or it says so already. */
export function setDescription(db: Db, { name, actor, description }: About & { readonly description: string }) {
  return changeModel(db, {
    name,
    actor,
    event: "model.updated",
    detail: { description },
    updates: true,
    steps: sql`changed as (
      update model m set description = ${description} from locked
      where m.model_pk = locked.model_pk and m.deleted_at is null and m.description <> ${description} returning m.model_pk)`,
  });
}

/** The number of the event; `undefined` if there is no such model, or the tag has that value already. */
export function setModelTag(
  db: Db,
  { name, actor, key, value }: About & { readonly key: string; readonly value: string },
) {
  return changeModel(db, {
    name,
    actor,
    event: "model.tag_set",
    detail: { key, value },
    updates: false,
    steps: sql`changed as (
      insert into model_tag as t (model_pk, key_id, value) select model_pk, key_of(${key}), ${value} from locked
      on conflict (model_pk, key_id) do update set value = excluded.value where t.value <> excluded.value returning model_pk)`,
  });
}

/** The number of the event; `undefined` if there is no such model or tag. */
export function deleteModelTag(db: Db, { name, actor, key }: About & { readonly key: string }) {
  return changeModel(db, {
    name,
    actor,
    event: "model.tag_deleted",
    detail: { key },
    updates: false,
    steps: sql`changed as (
      delete from model_tag t using locked, key_name k
      where t.model_pk = locked.model_pk and t.key_id = k.key_id and k.name = ${key} returning t.model_pk)`,
  });
}
