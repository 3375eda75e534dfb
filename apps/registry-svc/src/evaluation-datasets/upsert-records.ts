/**
 * Adds records, or changes those whose inputs are there already: all of them or none.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { type RawBuilder, sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { parseId } from "./dataset-id.ts";
import { type Exact, type ExactObject, isExactObject, parseExact, typeName } from "./exact-json.ts";
import { type GivenRecord, readRecords, userIn } from "./read-records.ts";

export interface UpsertRecords {
  readonly datasetId: string;
  readonly recordsJson: string;
  /** Who adds records that name nobody. */
  readonly actor: string;
}

/** @throws AppError REQUEST_INVALID, EVALUATION_DATASET_NOT_FOUND */
export async function upsertRecords(
  db: Db,
  { datasetId, recordsJson, actor }: UpsertRecords,
): Promise<{ inserted: number; updated: number; event: bigint }> {
  const given = readRecords(recordsJson);
  return db.transaction().execute(async (tx) => {
    const dataset = await lockDataset(tx, datasetId);
    const known = await findRecords(tx, dataset.pk, given);
    const rows = new Map<string, RecordRow>();
    for (const record of given) {
      const key = record.inputsSha256.toString("hex");
      rows.set(key, merged(rows.get(key) ?? known.get(key), record, actor));
    }
    const inserted = [...rows.keys()].filter((key) => !known.has(key)).length;
    await writeRecords(tx, dataset.pk, [...rows.values()]);
    const updatedBy = given.findLast(({ tags }) => userIn(tags) !== undefined);
    const event = await touchDataset(tx, dataset.pk, {
      actor,
      updatedBy: userIn(updatedBy?.tags) ?? actor,
      schemaJson: given.length === 0 ? dataset.schemaJson : grownSchema(dataset.schemaJson, given),
      added: inserted,
    });
    return { inserted, updated: given.length - inserted, event };
  });
}

/** Deletes records; says how many there were. @throws AppError EVALUATION_DATASET_NOT_FOUND */
export async function deleteRecords(
  db: Db,
  { datasetId, ids, actor }: { readonly datasetId: string; readonly ids: readonly string[]; readonly actor: string },
): Promise<{ deleted: number; event: bigint | undefined }> {
  const uuids = ids.map((id) => parseId("dr-", id)).filter((uuid) => uuid !== undefined);
  return db.transaction().execute(async (tx) => {
    const dataset = await lockDataset(tx, datasetId);
    const { numDeletedRows } = await tx
      .deleteFrom("evaluation_record")
      .where("evaluation_dataset_pk", "=", dataset.pk)
      .where("id", "in", uuids.length === 0 ? [nobody] : uuids)
      .executeTakeFirstOrThrow();
    const deleted = Number(numDeletedRows);
    if (deleted === 0) return { deleted, event: undefined };
    const { schemaJson } = dataset;
    return {
      deleted,
      event: await touchDataset(tx, dataset.pk, { actor, updatedBy: actor, schemaJson, added: -deleted }),
    };
  });
}

const nobody = "00000000-0000-0000-0000-000000000000";

interface RecordRow {
  readonly inputs_sha256: Buffer;
  readonly inputs_json: string;
  readonly outputs_json: string;
  readonly expectations_json: string;
  readonly tags_json: string;
  readonly source_json: string;
  readonly created_by: string;
  readonly updated_by: string;
}

/** Changes of a data set's records come one after the other. */
async function lockDataset(tx: Db, id: string): Promise<{ pk: bigint; schemaJson: string }> {
  const row = await tx
    .selectFrom("evaluation_dataset")
    .select(["evaluation_dataset_pk as pk", "schema_json as schemaJson"])
    .where("id", "=", parseId("d-", id) ?? nobody)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw new AppError("EVALUATION_DATASET_NOT_FOUND", { dataset: id });
  return row;
}

async function findRecords(tx: Db, pk: bigint, given: readonly GivenRecord[]): Promise<ReadonlyMap<string, RecordRow>> {
  const { rows } = await sql<RecordRow>`
    select inputs_sha256, inputs_json, outputs_json, expectations_json, tags_json, source_json, created_by, updated_by
    from evaluation_record
    where evaluation_dataset_pk = ${pk} and inputs_sha256 = any(${given.map(({ inputsSha256 }) => inputsSha256)}::bytea[])`.execute(
    tx,
  );
  return new Map(rows.map((row) => [row.inputs_sha256.toString("hex"), row]));
}

/** Outputs are replaced, expectations and tags added to; inputs and source stay. */
function merged(known: RecordRow | undefined, given: GivenRecord, actor: string): RecordRow {
  const user = userIn(given.tags);
  if (known === undefined)
    return {
      inputs_sha256: given.inputsSha256,
      inputs_json: JSON.stringify(given.inputs),
      // A new record without outputs has empty ones, as MLflow has it.
      outputs_json: given.outputs === undefined ? "{}" : given.outputs === null ? "" : JSON.stringify(given.outputs),
      expectations_json: textOf(given.expectations),
      tags_json: textOf(given.tags),
      source_json: textOf(given.source),
      created_by: user ?? actor,
      updated_by: user ?? actor,
    };
  const { outputs } = given;
  return {
    ...known,
    outputs_json: outputs === undefined ? known.outputs_json : outputs === null ? "" : JSON.stringify(outputs),
    expectations_json: added(known.expectations_json, given.expectations),
    tags_json: added(known.tags_json, given.tags),
    updated_by: user ?? known.updated_by,
  };
}

function added(known: string, more: ExactObject | undefined): string {
  if (more === undefined || Object.keys(more).length === 0) return known;
  return JSON.stringify({ ...(known === "" ? {} : (parseExact(known) as ExactObject)), ...more });
}

function textOf(object: ExactObject | undefined): string {
  return object === undefined ? "" : JSON.stringify(object);
}

async function writeRecords(tx: Db, pk: bigint, rows: readonly RecordRow[]): Promise<void> {
  const texts = (name: Exclude<keyof RecordRow, "inputs_sha256">): RawBuilder<unknown> =>
    sql`${rows.map((row) => row[name])}::text[]`;
  await sql`
    insert into evaluation_record (evaluation_dataset_pk, inputs_sha256, inputs_json, outputs_json, expectations_json,
      tags_json, source_json, created_by, updated_by, created_at, updated_at)
    select ${pk}, given.*, now(), now()
    from unnest(${rows.map(({ inputs_sha256 }) => inputs_sha256)}::bytea[], ${texts("inputs_json")}, ${texts("outputs_json")},
      ${texts("expectations_json")}, ${texts("tags_json")}, ${texts("source_json")}, ${texts("created_by")},
      ${texts("updated_by")}) as given
    on conflict (evaluation_dataset_pk, inputs_sha256) do update set outputs_json = excluded.outputs_json,
      expectations_json = excluded.expectations_json, tags_json = excluded.tags_json, updated_by = excluded.updated_by,
      updated_at = now()`.execute(tx);
}

interface Touch {
  readonly actor: string;
  readonly updatedBy: string;
  readonly schemaJson: string;
  readonly added: number;
}

async function touchDataset(tx: Db, pk: bigint, { actor, updatedBy, schemaJson, added }: Touch): Promise<bigint> {
  const now = new Date();
  const { rows } = await sql<{ event: bigint }>`
    with changed as (
      update evaluation_dataset set updated_at = ${now}, updated_by = ${updatedBy}, schema_json = ${schemaJson},
        record_count = record_count + ${added}, digest = left(encode(sha256(convert_to(id || ${now.toISOString()}, 'UTF8')), 'hex'), 8)
      where evaluation_dataset_pk = ${pk} returning id, record_count
    )
    select record_event('evaluation_dataset.updated', null, ${actor},
      jsonb_build_object('dataset', 'd-' || replace(id::text, '-', ''), 'records', record_count)) as event from changed`.execute(
    tx,
  );
  return rows[0]!.event;
}

interface Schema {
  readonly inputs: Record<string, Exact>;
  outputs: Record<string, Exact> | string;
  readonly expectations: Record<string, Exact>;
  readonly version: string;
}

/** Each field has the type that it had when it was first seen. */
function grownSchema(known: string, records: readonly GivenRecord[]): string {
  const schema: Schema =
    known === "" ? { inputs: {}, outputs: {}, expectations: {}, version: "1.0" } : (JSON.parse(known) as Schema);
  const see = (fields: Record<string, Exact>, object: ExactObject | undefined) => {
    for (const [key, value] of Object.entries(object ?? {}))
      if (!Object.hasOwn(fields, key))
        // An assignment would lose a field `__proto__`.
        Object.defineProperty(fields, key, {
          value: typeName(value),
          enumerable: true,
          writable: true,
          configurable: true,
        });
  };
  for (const { inputs, outputs, expectations } of records) {
    see(schema.inputs, inputs);
    see(schema.expectations, expectations);
    if (outputs === undefined || outputs === null) continue;
    if (isExactObject(outputs)) {
      if (typeof schema.outputs === "object") see(schema.outputs, outputs);
    } else if (typeof schema.outputs === "object" && Object.keys(schema.outputs).length === 0)
      schema.outputs = typeName(outputs);
  }
  return JSON.stringify(schema);
}
