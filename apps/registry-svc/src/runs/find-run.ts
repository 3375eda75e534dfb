/**
 * Reads runs whole: with their parameters, latest metrics, tags, inputs and outputs.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { AppError } from "@mintmark/errors";
import { type DatasetInput, type Run, RunSchema, type RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import { type RawBuilder, sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { formatRunId, parseRunId } from "./run-id.ts";

export interface RunRow {
  readonly run_pk: bigint;
  readonly run_id: string;
  readonly experiment: string;
  readonly name: string;
  readonly user_name: string;
  readonly status: number;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  readonly parent_id: string | null;
  readonly param_keys: readonly string[] | null;
  readonly param_values: readonly string[] | null;
  readonly metric_keys: readonly string[] | null;
  readonly metric_values: readonly number[] | null;
  readonly tag_keys: readonly string[] | null;
  readonly tag_values: readonly string[] | null;
  readonly inputs: readonly InputRow[] | null;
  readonly outputs: readonly string[] | null;
}

/** Sizes come as text: JSON would round them beyond 2^53. */
interface InputRow extends Pick<DatasetInput, "name" | "blake3" | "sha256" | "source" | "role"> {
  readonly rows: string;
  readonly size: string;
  readonly schema_json: string;
}

/** @throws AppError RUN_NOT_FOUND */
export async function findRun(db: Db, id: string): Promise<Run> {
  const row = (await readRuns(db, sql`select * from run where run_id = ${parseRunId(id)}::uuid`))[0];
  if (row === undefined) throw new AppError("RUN_NOT_FOUND", { run: id });
  return runMessage(row);
}

/** What is to be known of `runs`, a query of whole rows of `run`; the latest first. */
export async function readRuns(db: Db, runs: RawBuilder<unknown>): Promise<readonly RunRow[]> {
  const { rows } = await sql<RunRow>`
    select ${runColumns} from (${runs}) r ${runDetails}
    order by r.run_pk desc`.execute(db);
  return rows;
}

/** What a `RunRow` selects, of `r` and its details. */
export const runColumns = sql`
  r.run_pk, r.run_id, e.name as experiment, r.name, r.user_name, r.status, r.created_at, r.started_at, r.ended_at,
  parent.run_id as parent_id, params.*, metrics.*, tags.*, inputs.*, outputs.*`;

/** What is joined to `run r`: each list is gathered by the primary key of its table. */
export const runDetails = sql`
  join experiment e on e.experiment_pk = r.experiment_pk
  left join run parent on parent.run_pk = r.parent_pk
  cross join lateral (
    select array_agg(k.name) as param_keys, array_agg(p.value) as param_values
    from param p join key_name k using (key_id) where p.run_pk = r.run_pk) params
  cross join lateral (
    select array_agg(k.name) as metric_keys, array_agg(m.value) as metric_values
    from latest_metric m join key_name k using (key_id) where m.run_pk = r.run_pk) metrics
  cross join lateral (
    select array_agg(k.name) as tag_keys, array_agg(t.value) as tag_values
    from run_tag t join key_name k using (key_id) where t.run_pk = r.run_pk) tags
  cross join lateral (
    select jsonb_agg(jsonb_build_object(
      'name', i.name, 'blake3', encode(d.blake3, 'hex'), 'sha256', encode(d.sha256, 'hex'), 'source', i.source,
      'role', i.role, 'rows', i.row_count::text, 'size', d.size::text, 'schema_json', i.schema_json)
      order by i.role, i.name, d.dataset_pk) as inputs
    from run_input i join dataset d using (dataset_pk) where i.run_pk = r.run_pk) inputs
  cross join lateral (
    select array_agg(m.shown_name || '/' || v.number order by v.version_pk) as outputs
    from version v join model m using (model_pk) where v.run_pk = r.run_pk and v.deleted_at is null) outputs`;

export function runMessage(row: RunRow): Run {
  return create(RunSchema, {
    id: formatRunId(row.run_id),
    experiment: row.experiment,
    name: row.name,
    user: row.user_name,
    status: row.status as RunStatus,
    createTime: timestampFromDate(row.created_at),
    ...(row.started_at === null ? {} : { startTime: timestampFromDate(row.started_at) }),
    ...(row.ended_at === null ? {} : { endTime: timestampFromDate(row.ended_at) }),
    params: zip(row.param_keys, row.param_values),
    metrics: zip(row.metric_keys, row.metric_values),
    tags: zip(row.tag_keys, row.tag_values),
    inputs: (row.inputs ?? []).map(({ rows, size, schema_json, ...input }) => ({
      ...input,
      rows: BigInt(rows),
      size: BigInt(size),
      schemaJson: schema_json,
    })),
    outputs: [...(row.outputs ?? [])],
    parentRunId: row.parent_id === null ? "" : formatRunId(row.parent_id),
  });
}

function zip<T>(keys: readonly string[] | null, values: readonly T[] | null): Record<string, T> {
  return Object.fromEntries((keys ?? []).map((key, at) => [key, values![at]!]));
}
