/**
 * Changes what is said about a version: its description and its tags. What it is never changes.
 * @module
 */

import type { ModelName } from "@mintmark/names/model-name";
import { type RawBuilder, sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { changeModel } from "../models/change-model.ts";

export interface AboutVersion {
  readonly name: ModelName;
  readonly number: number;
  readonly actor: string;
}

/** The number of the event; `undefined` if there is no such version, or it says so already. */
export function setDescription(db: Db, about: AboutVersion, description: string): Promise<bigint | undefined> {
  return changeVersion(
    db,
    about,
    "version.updated",
    { description },
    sql`
    changed as (
      update version v set description = ${description}, updated_at = clock_timestamp() from locked
      where ${live(about.number)} and v.description <> ${description} returning v.model_pk)`,
  );
}

/** The number of the event; `undefined` if there is no such version, or the tag has that value already. */
export function setVersionTag(db: Db, about: AboutVersion, key: string, value: string): Promise<bigint | undefined> {
  return changeVersion(
    db,
    about,
    "version.tag_set",
    { key, value },
    sql`
    tagged as (
      insert into version_tag as t (version_pk, model_pk, key_id, value)
      select v.version_pk, v.model_pk, key_of(${key}), ${value} from version v, locked where ${live(about.number)}
      on conflict (version_pk, key_id) do update set value = excluded.value where t.value <> excluded.value
      returning version_pk
    ), ${aged}`,
  );
}

/** The number of the event; `undefined` if there is no such version or tag. */
export function deleteVersionTag(db: Db, about: AboutVersion, key: string): Promise<bigint | undefined> {
  return changeVersion(
    db,
    about,
    "version.tag_deleted",
    { key },
    sql`
    tagged as (
      delete from version_tag t using version v, locked, key_name k
      where ${live(about.number)} and t.version_pk = v.version_pk and t.key_id = k.key_id and k.name = ${key}
      returning t.version_pk
    ), ${aged}`,
  );
}

function changeVersion(
  db: Db,
  { name, number, actor }: AboutVersion,
  event: string,
  detail: Readonly<Record<string, string>>,
  steps: RawBuilder<unknown>,
): Promise<bigint | undefined> {
  return changeModel(db, { name, actor, event, detail: { version: number, ...detail }, updates: false, steps });
}

function live(number: number): RawBuilder<unknown> {
  return sql`v.model_pk = locked.model_pk and v.number = ${number}::bigint and v.deleted_at is null`;
}

const aged = sql`changed as (
  update version v set updated_at = clock_timestamp() from tagged
    where v.version_pk = tagged.version_pk and v.deleted_at is null returning v.model_pk)`;
