/**
 * What changes of an active experiment: its name and its tags.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { type RawBuilder, sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { isUniqueViolation, retryDeadlock } from "../db/sqlstate.ts";
import { requireKey, requireKeyed } from "../runs/tracking-key.ts";
import { maxExperimentTag, refuseTaken } from "./create-experiment.ts";
import { parseExperimentId } from "./experiment-id.ts";
import { requireExperimentName } from "./experiment-name.ts";

interface Change {
  readonly id: string;
  readonly actor: string;
}

/** @throws AppError EXPERIMENT_NAME_INVALID, EXPERIMENT_TAKEN, EXPERIMENT_NOT_FOUND, EXPERIMENT_DELETED */
export async function renameExperiment(db: Db, request: Change & { readonly newName: string }): Promise<bigint> {
  const name = requireExperimentName(request.newName);
  try {
    const event = await changed(
      db,
      request,
      "experiment.renamed",
      { name },
      sql`name = ${name},`,
      sql`select from active`,
    );
    return event!;
  } catch (error) {
    if (isUniqueViolation(error, "experiment_name_key")) return refuseTaken(db, name);
    throw error;
  }
}

/** @throws AppError EXPERIMENT_NOT_FOUND, EXPERIMENT_DELETED, REQUEST_INVALID */
export async function setExperimentTag(
  db: Db,
  request: Change & { readonly key: string; readonly value: string },
): Promise<bigint> {
  const { key, value } = request;
  requireKeyed("tag", { [key]: value }, maxExperimentTag);
  const set = sql`
    insert into experiment_tag (experiment_pk, key_id, value) select experiment_pk, key_of(${key}), ${value} from active
    on conflict (experiment_pk, key_id) do update set value = excluded.value returning 1`;
  const event = await changed(db, request, "experiment.tag_set", { key }, sql``, set);
  return event!;
}

/** @throws AppError EXPERIMENT_NOT_FOUND, EXPERIMENT_DELETED, TAG_NOT_FOUND */
export async function deleteExperimentTag(db: Db, request: Change & { readonly key: string }): Promise<bigint> {
  const { id } = request;
  const key = requireKey("tag", request.key);
  const remove = sql`
    delete from experiment_tag t using active, key_name k
    where t.experiment_pk = active.experiment_pk and k.key_id = t.key_id and k.name = ${key} returning 1`;
  const event = await changed(db, request, "experiment.tag_deleted", { key }, sql``, remove);
  if (event === undefined) throw new AppError("TAG_NOT_FOUND", { of: `experiment ${id}`, key });
  return event;
}

/**
 * One statement: locks the experiment, sets what is to be set, does `step` over `active(experiment_pk)`, records the event.
 * @returns its number; undefined if `step` found nothing to do
 */
async function changed(
  db: Db,
  { id, actor }: Change,
  kind: string,
  detail: Readonly<Record<string, string>>,
  set: RawBuilder<unknown>,
  step: RawBuilder<unknown>,
): Promise<bigint | undefined> {
  const pk = parseExperimentId(id);
  const { rows } = await retryDeadlock(() =>
    sql<{ event: bigint | null }>`
      with active as (
        update experiment set ${set} updated_at = clock_timestamp()
        where experiment_pk = ${pk} and deleted_at is null returning experiment_pk
      ), done as (${step})
      select (select record_event(${kind}, null, ${actor}, ${JSON.stringify({ experiment: String(pk), ...detail })}::jsonb)
        where exists (select from done)) as event
      from active`.execute(db),
  );
  if (rows[0] !== undefined) return rows[0].event ?? undefined;
  const found = await db.selectFrom("experiment").select("name").where("experiment_pk", "=", pk).executeTakeFirst();
  throw new AppError(found === undefined ? "EXPERIMENT_NOT_FOUND" : "EXPERIMENT_DELETED", { experiment: id });
}
