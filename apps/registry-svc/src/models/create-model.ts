/**
 * Creates a model, with its catalog and schema where they are missing.
 * @module
 */
import { AppError } from "@mintmark/errors";
import type { ModelName } from "@mintmark/names/model-name";
import { type RawBuilder, sql } from "kysely";
import { prepared } from "../db/prepared.ts";
import type { Db } from "../db/schema.ts";

export interface CreateModel {
  readonly name: ModelName;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly actor: string;
}

/**
 * @returns the number of the event
 * @throws AppError `NAME_TAKEN`
 */
export async function createModel(db: Db, request: CreateModel): Promise<bigint> {
  // The count makes the tags' part come before the event: the counter of events is the last thing to be locked.
  const { rows } = await sql<{ event: bigint }>`${prepared}
    with ${inserted(request)}
    select record_event('model.created', model_pk, ${request.actor}, '{}') as event
    from head, (select count(*) from tagged)`.execute(db);
  const [made] = rows;
  if (made === undefined) throw new AppError("NAME_TAKEN", { name: request.name.written });
  return made.event;
}

/** As part of a greater transaction, which records the event. False if the model was there already. */
export async function createModelIfMissing(db: Db, request: CreateModel): Promise<boolean> {
  const { rows } = await sql`with ${inserted(request)} select from head`.execute(db);
  return rows.length > 0;
}

function inserted({ name, description, tags, actor }: CreateModel): RawBuilder<unknown> {
  return sql`made as (
      insert into model (namespace_pk, full_name, shown_name, description, created_by)
      values (namespace_of(${name.catalog}, ${name.schema}), ${name.full}, ${name.written}, ${description}, ${actor})
      on conflict (full_name) where deleted_at is null do nothing
      returning model_pk
    ), head as (
      insert into model_head (model_pk) select model_pk from made returning model_pk
    ), tagged as (
      insert into model_tag (model_pk, key_id, value)
      select model_pk, key_of(key), value from made, jsonb_each_text(${JSON.stringify(tags)}::jsonb) returning 1
    )`;
}
