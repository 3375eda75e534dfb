/**
 * What changes of a logged model after its creation: status, tags, parameters that are added, and whether it is there.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { parseLoggedModelId } from "@mintmark/names/logged-model-id";
import { LoggedModelStatus } from "@mintmark/proto/mintmark/tracking/v1/logged_model";
import { type RawBuilder, sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { invalid } from "../fields.ts";

/** @throws AppError REQUEST_INVALID, LOGGED_MODEL_NOT_FOUND */
export async function finalizeLoggedModel(
  db: Db,
  { id, status, actor }: { readonly id: string; readonly status: LoggedModelStatus; readonly actor: string },
): Promise<bigint> {
  if (status !== LoggedModelStatus.READY && status !== LoggedModelStatus.UPLOAD_FAILED)
    throw invalid("status", "must be READY or UPLOAD_FAILED");
  const event = await changeRecorded(db, { id, actor, set: sql`status = ${status}`, event: "logged_model.finalized" });
  if (event === undefined) throw new AppError("LOGGED_MODEL_NOT_FOUND", { id });
  return event;
}

/**
 * @returns the number of the event; `undefined` if it was deleted already
 * @throws AppError LOGGED_MODEL_NOT_FOUND
 */
export async function deleteLoggedModel(
  db: Db,
  { id, actor }: { readonly id: string; readonly actor: string },
): Promise<bigint | undefined> {
  const event = await changeRecorded(db, {
    id,
    actor,
    set: sql`deleted_at = clock_timestamp()`,
    event: "logged_model.deleted",
  });
  if (event === undefined) await requireKnown(db, id);
  return event;
}

/** @throws AppError LOGGED_MODEL_NOT_FOUND */
export async function setLoggedModelTags(db: Db, id: string, tags: Readonly<Record<string, string>>): Promise<void> {
  const { rows } = await sql`
    with target as (${touched(id)}), tagged as (
      insert into logged_model_tag (logged_model_pk, experiment_pk, key_id, value)
      select logged_model_pk, experiment_pk, key_of(key), value from target, jsonb_each_text(${JSON.stringify(tags)}::jsonb)
      on conflict (logged_model_pk, key_id) do update set value = excluded.value
    )
    select from target`.execute(db);
  if (rows.length === 0) throw new AppError("LOGGED_MODEL_NOT_FOUND", { id });
}

/** @throws AppError LOGGED_MODEL_NOT_FOUND, TAG_NOT_FOUND */
export async function deleteLoggedModelTag(db: Db, id: string, key: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await lockLoggedModel(tx, id);
    const { rows } = await sql`
      delete from logged_model_tag t using logged_model l, key_name k
      where l.id = ${parseLoggedModelId(id)}::uuid and t.logged_model_pk = l.logged_model_pk
        and k.key_id = t.key_id and k.name = ${key}
      returning 1`.execute(tx);
    if (rows.length === 0) throw new AppError("TAG_NOT_FOUND", { of: `logged model ${id}`, key });
  });
}

/** @throws AppError LOGGED_MODEL_NOT_FOUND; LOGGED_MODEL_PARAM_CHANGED if one has another value already: then none is added */
export async function logLoggedModelParams(
  db: Db,
  id: string,
  params: Readonly<Record<string, string>>,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    // What others are adding meanwhile has to be seen below: hence the lock in a statement before.
    const model = await lockLoggedModel(tx, id);
    const { rows } = await sql<{ key: string; old: string; new: string }>`
      with given as (select key, value from jsonb_each_text(${JSON.stringify(params)}::jsonb)), added as (
        insert into logged_model_param (logged_model_pk, experiment_pk, key_id, value)
        select ${model.logged_model_pk}, ${model.experiment_pk}, key_of(key), value from given
        on conflict do nothing
      )
      select given.key, p.value as old, given.value as new
      from given join key_name k on k.name = given.key
      join logged_model_param p on p.logged_model_pk = ${model.logged_model_pk} and p.key_id = k.key_id
      where p.value <> given.value order by given.key limit 1`.execute(tx);
    const clash = rows[0];
    if (clash !== undefined) throw new AppError("LOGGED_MODEL_PARAM_CHANGED", { model: id, ...clash });
  });
}

interface RecordedChange {
  readonly id: string;
  readonly actor: string;
  readonly set: RawBuilder<unknown>;
  readonly event: string;
}

/** `undefined` if there is no such logged model, or it is deleted. */
async function changeRecorded(db: Db, { id, actor, set, event }: RecordedChange): Promise<bigint | undefined> {
  const { rows } = await sql<{ event: bigint }>`
    with changed as (
      update logged_model set updated_at = clock_timestamp(), ${set}
      where id = ${parseLoggedModelId(id)}::uuid and deleted_at is null
      returning id, status, experiment_pk
    )
    select record_event(${event}, null, ${actor}, jsonb_build_object(
      'logged_model', 'm-' || replace(id::text, '-', ''), 'status', status, 'experiment', experiment_pk::text)) as event
    from changed`.execute(db);
  return rows[0]?.event;
}

async function requireKnown(db: Db, id: string): Promise<void> {
  const uuid = parseLoggedModelId(id);
  const found = await db.selectFrom("logged_model").select("id").where("id", "=", uuid).executeTakeFirst();
  if (found === undefined) throw new AppError("LOGGED_MODEL_NOT_FOUND", { id });
}

async function lockLoggedModel(tx: Db, id: string): Promise<{ logged_model_pk: bigint; experiment_pk: number }> {
  const { rows } = await sql<{ logged_model_pk: bigint; experiment_pk: number }>`${touched(id)}`.execute(tx);
  if (rows[0] === undefined) throw new AppError("LOGGED_MODEL_NOT_FOUND", { id });
  return rows[0];
}

function touched(id: string): RawBuilder<unknown> {
  return sql`update logged_model set updated_at = clock_timestamp()
    where id = ${parseLoggedModelId(id)}::uuid and deleted_at is null returning logged_model_pk, experiment_pk`;
}
