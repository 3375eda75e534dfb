/**
 * Evaluation data sets as such: made, tagged, used in experiments, deleted.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { retryDeadlock } from "../db/sqlstate.ts";
import { experimentPks, parseExperimentId } from "../experiments/experiment-id.ts";
import { invalid, requireCount, requireEntries, requireText } from "../fields.ts";
import { formatId, parseId } from "./dataset-id.ts";

const maxTagValue = 5_000;
const maxExperiments = 1_000;

export interface CreateDataset {
  readonly name: string;
  readonly experimentIds: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly actor: string;
}

/** @throws AppError REQUEST_INVALID, EXPERIMENT_NOT_FOUND */
export async function createDataset(db: Db, request: CreateDataset): Promise<{ id: string; event: bigint }> {
  const { name, experimentIds, actor } = request;
  if (name === "") throw invalid("name", "must not be empty");
  requireText("name", name, 255);
  const tags = requireEntries("tag", request.tags, maxTagValue);
  const user = requireText("mlflow.user", tags["mlflow.user"] || actor, 255);
  const experiments = await requireExperiments(db, experimentIds);
  const { rows } = await sql<{ id: string; event: bigint }>`
    with made as (
      insert into evaluation_dataset (name, digest, created_by, updated_by)
      values (${name}, left(encode(sha256(convert_to(gen_random_uuid()::text, 'UTF8')), 'hex'), 8), ${user}, ${user})
      returning evaluation_dataset_pk, id
    ), tagged as (
      insert into evaluation_dataset_tag (evaluation_dataset_pk, key_id, value)
      select evaluation_dataset_pk, key_of(key), value from made, jsonb_each_text(${JSON.stringify(tags)}::jsonb) returning 1
    ), used as (
      insert into evaluation_dataset_experiment (evaluation_dataset_pk, experiment_pk)
      select evaluation_dataset_pk, pk from made, unnest(${experiments}::int[]) as x (pk) returning 1
    )
    select id, record_event('evaluation_dataset.created', null, ${actor},
      jsonb_build_object('dataset', 'd-' || replace(id::text, '-', ''), 'name', ${name}::text)) as event
    from made, (select count(*) from tagged) t, (select count(*) from used) u`.execute(db);
  return { id: formatId("d-", rows[0]!.id), event: rows[0]!.event };
}

/** Nothing happens, and there is no event, if it is not there. */
export async function deleteDataset(db: Db, id: string, actor: string): Promise<bigint | undefined> {
  const { rows } = await sql<{ event: bigint }>`
    with gone as (delete from evaluation_dataset where id = ${parseId("d-", id) ?? null}::uuid returning name)
    select record_event('evaluation_dataset.deleted', null, ${actor},
      jsonb_build_object('dataset', ${id}::text, 'name', name)) as event from gone`.execute(db);
  return rows[0]?.event;
}

/** @throws AppError REQUEST_INVALID, EVALUATION_DATASET_NOT_FOUND */
export async function setDatasetTags(db: Db, id: string, tags: Readonly<Record<string, string>>): Promise<void> {
  // The data set's row first, as who deletes it takes them.
  const statement = sql`
    with own as (
      select evaluation_dataset_pk from evaluation_dataset where id = ${parseId("d-", id) ?? null}::uuid for no key update
    ), put as (
      insert into evaluation_dataset_tag (evaluation_dataset_pk, key_id, value)
      select evaluation_dataset_pk, key_of(key), value
      from own, jsonb_each_text(${JSON.stringify(requireEntries("tag", tags, maxTagValue))}::jsonb)
      on conflict (evaluation_dataset_pk, key_id) do update set value = excluded.value
    )
    select 1 from own`;
  const { rows } = await retryDeadlock(() => statement.execute(db));
  if (rows.length === 0) throw new AppError("EVALUATION_DATASET_NOT_FOUND", { dataset: id });
}

/** Nothing happens if it is not there. */
export async function deleteDatasetTag(db: Db, id: string, key: string): Promise<void> {
  await sql`
    delete from evaluation_dataset_tag t using evaluation_dataset d, key_name k
    where d.id = ${parseId("d-", id) ?? null}::uuid and t.evaluation_dataset_pk = d.evaluation_dataset_pk
      and k.key_id = t.key_id and k.name = ${requireText("key", key, 250)}`.execute(db);
}

export interface UpdateExperiments {
  readonly id: string;
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** @throws AppError EXPERIMENT_NOT_FOUND, EVALUATION_DATASET_NOT_FOUND */
export async function updateExperiments(db: Db, { id, add, remove }: UpdateExperiments): Promise<void> {
  const added = await requireExperiments(db, add);
  const removed = experimentPks(remove);
  const { rows } = await sql`
    with own as (
      update evaluation_dataset set updated_at = clock_timestamp() where id = ${parseId("d-", id) ?? null}::uuid
      returning evaluation_dataset_pk
    ), put as (
      insert into evaluation_dataset_experiment (evaluation_dataset_pk, experiment_pk)
      select evaluation_dataset_pk, pk from own, unnest(${added}::int[]) as x (pk) on conflict do nothing
    ), gone as (
      delete from evaluation_dataset_experiment x using own
      where x.evaluation_dataset_pk = own.evaluation_dataset_pk and x.experiment_pk = any(${removed}::int[])
        and x.experiment_pk <> all(${added}::int[])
    )
    select 1 from own`.execute(db);
  if (rows.length === 0) throw new AppError("EVALUATION_DATASET_NOT_FOUND", { dataset: id });
}

async function requireExperiments(db: Db, ids: readonly string[]): Promise<readonly number[]> {
  requireCount("experiment_ids", ids.length, maxExperiments);
  const pks = [...new Set(ids.map(parseExperimentId))];
  const { rows } = await sql<{ pk: number }>`
    select experiment_pk as pk from experiment where experiment_pk = any(${pks}::int[])`.execute(db);
  const missing = pks.find((pk) => !rows.some((row) => row.pk === pk));
  if (missing !== undefined) throw new AppError("EXPERIMENT_NOT_FOUND", { experiment: String(missing) });
  return pks;
}
