/**
 * Reads evaluation data sets, and their records page by page.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { AppError } from "@mintmark/errors";
import {
  type EvaluationDataset,
  EvaluationDatasetSchema,
  type EvaluationRecord,
  EvaluationRecordSchema,
} from "@mintmark/proto/mintmark/tracking/v1/evaluation_dataset";
import { type RawBuilder, sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { maxPageBytes, type Placed, readPage } from "../page-rows.ts";
import { pageToken, readNumberToken } from "../paging.ts";
import { formatId, parseId } from "./dataset-id.ts";

export interface DatasetRow extends Placed {
  readonly id: string;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly name: string;
  readonly digest: string;
  readonly schema_json: string;
  readonly record_count: number;
  readonly created_by: string;
  readonly updated_by: string;
  readonly tags: Readonly<Record<string, string>> | null;
  readonly experiments: readonly number[] | null;
}

/** @throws AppError EVALUATION_DATASET_NOT_FOUND */
export async function findDataset(db: Db, id: string): Promise<EvaluationDataset> {
  const uuid = parseId("d-", id) ?? null;
  const [found] = await readDatasets(
    db,
    sql`select d.*, 1::int8 as place from evaluation_dataset d where id = ${uuid}::uuid`,
  );
  if (found === undefined) throw new AppError("EVALUATION_DATASET_NOT_FOUND", { dataset: id });
  return datasetMessage(found);
}

/** What is to be known of `datasets`, a query of whole rows of `evaluation_dataset` with their `place`, in that order. */
export async function readDatasets(db: Db, datasets: RawBuilder<unknown>): Promise<readonly DatasetRow[]> {
  const { rows } = await sql<DatasetRow>`
    select d.place, d.id, d.created_at, d.updated_at, d.name, d.digest, d.schema_json, d.record_count, d.created_by, d.updated_by,
      tags.*, experiments.*
    from (${datasets}) d
    cross join lateral (
      select jsonb_object_agg(k.name, t.value) as tags from evaluation_dataset_tag t join key_name k using (key_id)
      where t.evaluation_dataset_pk = d.evaluation_dataset_pk) tags
    cross join lateral (
      select array_agg(x.experiment_pk order by x.experiment_pk) as experiments from evaluation_dataset_experiment x
      where x.evaluation_dataset_pk = d.evaluation_dataset_pk) experiments
    order by d.place`.execute(db);
  return rows;
}

export function datasetMessage(row: DatasetRow): EvaluationDataset {
  return create(EvaluationDatasetSchema, {
    id: formatId("d-", row.id),
    name: row.name,
    digest: row.digest,
    schemaJson: row.schema_json,
    profileJson: row.record_count === 0 ? "" : JSON.stringify({ num_records: row.record_count }),
    tags: { ...row.tags },
    createTime: timestampFromDate(row.created_at),
    updateTime: timestampFromDate(row.updated_at),
    createdBy: row.created_by,
    updatedBy: row.updated_by,
    experimentIds: (row.experiments ?? []).map(String),
  });
}

interface RecordRow extends Placed {
  readonly id: string;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly inputs_json: string;
  readonly outputs_json: string;
  readonly expectations_json: string;
  readonly tags_json: string;
  readonly source_json: string;
  readonly created_by: string;
  readonly updated_by: string;
}

/** @throws AppError EVALUATION_DATASET_NOT_FOUND, PAGE_TOKEN_INVALID */
export async function listRecords(
  db: Db,
  { datasetId, size, token }: { readonly datasetId: string; readonly size: number; readonly token: string },
): Promise<{ records: EvaluationRecord[]; next: string }> {
  const after = readNumberToken("evaluation records", token) ?? 0n;
  const dataset = await db
    .selectFrom("evaluation_dataset")
    .select("evaluation_dataset_pk as pk")
    .where(sql`id`, "=", sql`${parseId("d-", datasetId) ?? null}::uuid`)
    .executeTakeFirst();
  if (dataset === undefined) throw new AppError("EVALUATION_DATASET_NOT_FOUND", { dataset: datasetId });
  const { rows: found } = await sql<{ pk: bigint; upto: bigint }>`
    select record_pk as pk, sum(octet_length(inputs_json) + octet_length(outputs_json) + octet_length(expectations_json)
      + octet_length(tags_json) + octet_length(source_json)) over (order by record_pk) as upto
    from evaluation_record where evaluation_dataset_pk = ${dataset.pk} and record_pk > ${after}
    order by record_pk limit ${size + 1}`.execute(db);
  const tokenOf = ({ pk }: { pk: bigint }) => pageToken("evaluation records", [String(pk)]);
  // Each can be of any length: more than a page is not even read.
  const fitting = Math.max(1, found.filter(({ upto }) => upto <= maxPageBytes).length);
  const { rows, next } = await readPage(
    { table: "evaluation_record", primaryKey: "record_pk", found, size: Math.min(size, fitting), tokenOf },
    async (records) => (await sql<RecordRow>`${records} order by place`.execute(db)).rows,
  );
  return { records: rows.map(recordMessage), next };
}

function recordMessage(row: RecordRow): EvaluationRecord {
  const { type, id } = sourceOf(row.source_json);
  return create(EvaluationRecordSchema, {
    id: formatId("dr-", row.id),
    inputsJson: row.inputs_json,
    outputsJson: row.outputs_json,
    expectationsJson: row.expectations_json,
    tagsJson: row.tags_json,
    sourceJson: row.source_json,
    sourceType: type,
    sourceId: id,
    createTime: timestampFromDate(row.created_at),
    updateTime: timestampFromDate(row.updated_at),
    createdBy: row.created_by,
    updatedBy: row.updated_by,
  });
}

function sourceOf(json: string): { type: string; id: string } {
  if (json === "") return { type: "", id: "" };
  const source = JSON.parse(json) as { source_type?: unknown; source_data?: { trace_id?: unknown } | null };
  return { type: textOr(source.source_type), id: textOr(source.source_data?.trace_id) };
}

function textOr(value: unknown): string {
  return typeof value === "string" ? value.toWellFormed() : "";
}
