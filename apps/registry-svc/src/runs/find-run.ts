/**
 * Reads runs whole: with their parameters, latest metrics, tags, inputs and outputs.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { AppError } from "@mintmark/errors";
import { formatLoggedModelId } from "@mintmark/names/logged-model-id";
import { formatRunId, parseRunId } from "@mintmark/names/run-id";
import {
  type DatasetInput,
  type MetricPoint,
  MetricPointSchema,
  type Run,
  RunSchema,
  type RunStatus,
} from "@mintmark/proto/mintmark/tracking/v1/run";
import { type RawBuilder, sql } from "kysely";
import { prepared } from "../db/prepared.ts";
import type { Db } from "../db/schema.ts";
import { runArtifactUri } from "../experiments/artifact-location.ts";
import { type Placed, weightOf } from "../page-rows.ts";
import { runSource, tagNames } from "./run-tags.ts";

export interface RunRow {
  readonly run_pk: bigint;
  readonly run_id: string;
  readonly experiment_pk: number;
  readonly experiment: string;
  readonly artifact_location: string;
  readonly name: string;
  readonly user_name: string;
  readonly status: number;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  readonly deleted_at: Date | null;
  readonly parent_id: string | null;
  readonly params: Readonly<Record<string, string>> | null;
  /** `VALUE STEP TS`: JSON has no NaN, and would round 64 bits. */
  readonly metrics: Readonly<Record<string, string>> | null;
  readonly tags: Readonly<Record<string, string>> | null;
  readonly inputs: readonly InputRow[] | null;
  readonly described_inputs: readonly DescribedInputRow[] | null;
  readonly outputs: readonly string[] | null;
  readonly model_inputs: readonly string[] | null;
  readonly model_outputs: readonly { readonly id: string; readonly step: string }[] | null;
}

interface PlacedRun extends RunRow, Placed {}

/** Sizes come as text: JSON would round them beyond 2^53. */
interface InputRow extends Pick<DatasetInput, "name" | "blake3" | "sha256" | "source" | "role"> {
  readonly rows: string;
  readonly size: string;
  readonly schema_json: string;
}

interface DescribedInputRow extends Pick<DatasetInput, "name" | "digest" | "source" | "role"> {
  readonly dataset_pk: string;
  readonly source_type: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Of schema and profile, in bytes. */
  readonly description_size: number;
}

/** What runs share that read the same data, often the greatest part of them: read once, for those that are answered. */
interface Description {
  readonly schema_json: string;
  readonly profile_json: string;
}

/** @throws AppError RUN_NOT_FOUND */
export async function findRun(db: Db, id: string): Promise<Run> {
  const [run] = await runMessages(db, [await findRunRow(db, id)]);
  return run!;
}

/** @throws AppError RUN_NOT_FOUND */
export async function findRunRow(db: Db, id: string): Promise<RunRow> {
  const uuid = parseRunId(id);
  const [row] = await readRuns(
    db,
    sql`${prepared} select r.*, 1::int8 as place from run r where run_id = ${uuid}::uuid`,
  );
  if (row === undefined) throw new AppError("RUN_NOT_FOUND", { run: id });
  return row;
}

/** What is to be known of `runs`, a query of whole rows of `run` with their `place`, in that order. */
export async function readRuns(db: Db, runs: RawBuilder<unknown>): Promise<readonly PlacedRun[]> {
  const { rows } = await sql<PlacedRun>`
    select r.place, ${runColumns} from (${runs}) r ${runDetails} order by r.place`.execute(db);
  return rows;
}

/** About how many bytes the message takes. */
export function weightOfRun(row: PlacedRun): number {
  return (row.described_inputs ?? []).reduce((weight, input) => weight + input.description_size, weightOf(row));
}

/** What a `RunRow` selects, of `r` and its details. */
export const runColumns = sql`
  r.run_pk, r.run_id, r.experiment_pk, e.name as experiment, e.artifact_location, r.name, r.user_name, r.status,
  r.created_at, r.started_at, r.ended_at, r.deleted_at, parent.run_id as parent_id, params.*, metrics.*, tags.*, inputs.*,
  described_inputs.*, outputs.*, model_inputs.*, model_outputs.*`;

/**
 * What is joined to `run r`: each list is gathered by the primary key of its table. The long ones come as JSON, which is read
 * five times as fast as arrays.
 */
export const runDetails = sql`
  join experiment e on e.experiment_pk = r.experiment_pk
  left join run parent on parent.run_pk = r.parent_pk
  cross join lateral (
    select json_object_agg(k.name, p.value) as params
    from param p join key_name k using (key_id) where p.run_pk = r.run_pk) params
  cross join lateral (
    select json_object_agg(k.name, m.value || ' ' || m.step || ' ' || m.ts) as metrics
    from latest_metric m join key_name k using (key_id) where m.run_pk = r.run_pk) metrics
  cross join lateral (
    select json_object_agg(k.name, t.value) as tags
    from run_tag t join key_name k using (key_id) where t.run_pk = r.run_pk) tags
  cross join lateral (
    select jsonb_agg(jsonb_build_object(
      'name', i.name, 'blake3', encode(d.blake3, 'hex'), 'sha256', encode(d.sha256, 'hex'), 'source', i.source,
      'role', i.role, 'rows', i.row_count::text, 'size', d.size::text, 'schema_json', i.schema_json)
      order by i.role, i.name, d.dataset_pk) as inputs
    from run_input i join dataset d using (dataset_pk) where i.run_pk = r.run_pk) inputs
  cross join lateral (
    select jsonb_agg(jsonb_build_object(
      'dataset_pk', d.dataset_pk::text, 'name', d.name, 'digest', d.digest, 'source_type', d.source_type, 'source', d.source,
      'role', i.role, 'tags', i.tags, 'description_size', octet_length(d.schema_json) + octet_length(d.profile_json))
      order by i.role, d.name, d.dataset_pk) as described_inputs
    from run_logged_dataset i join logged_dataset d using (dataset_pk) where i.run_pk = r.run_pk) described_inputs
  cross join lateral (
    select array_agg(m.shown_name || '/' || v.number order by v.version_pk) as outputs
    from version v join model m using (model_pk) where v.run_pk = r.run_pk and v.deleted_at is null) outputs
  cross join lateral (
    select array_agg(l.id order by l.logged_model_pk) as model_inputs
    from run_model_input i join logged_model l using (logged_model_pk) where i.run_pk = r.run_pk) model_inputs
  cross join lateral (
    select jsonb_agg(jsonb_build_object('id', l.id, 'step', o.step::text) order by l.logged_model_pk) as model_outputs
    from run_model_output o join logged_model l using (logged_model_pk) where o.run_pk = r.run_pk) model_outputs`;

export async function runMessages(db: Db, rows: readonly RunRow[]): Promise<Run[]> {
  const descriptions = await readDescriptions(db, rows);
  return rows.map((row) => runMessage(row, descriptions));
}

/** @param descriptions of data sets, by key; left out if absent */
export function runMessage(row: RunRow, descriptions?: ReadonlyMap<string, Description>): Run {
  const id = formatRunId(row.run_id);
  const tags = { ...row.tags };
  const latestPoints = Object.entries(row.metrics ?? {}).map(latestPoint);
  return create(RunSchema, {
    id,
    experiment: row.experiment,
    experimentId: String(row.experiment_pk),
    name: row.name,
    user: row.user_name,
    status: row.status as RunStatus,
    createTime: timestampFromDate(row.created_at),
    ...(row.started_at === null ? {} : { startTime: timestampFromDate(row.started_at) }),
    ...(row.ended_at === null ? {} : { endTime: timestampFromDate(row.ended_at) }),
    deleted: row.deleted_at !== null,
    artifactUri: runArtifactUri(row.experiment_pk, row.artifact_location, id),
    params: { ...row.params },
    metrics: Object.fromEntries(latestPoints.map(({ key, value }) => [key, value])),
    latestPoints,
    tags,
    source: runSource(tags),
    inputs: [
      ...(row.inputs ?? []).map(snapshotInput),
      ...(row.described_inputs ?? []).map((input) => describedInput(input, descriptions?.get(input.dataset_pk))),
    ],
    outputs: [...(row.outputs ?? [])],
    modelInputs: (row.model_inputs ?? []).map(formatLoggedModelId),
    modelOutputs: (row.model_outputs ?? []).map((output) => ({
      modelId: formatLoggedModelId(output.id),
      step: BigInt(output.step),
    })),
    parentRunId: row.parent_id === null ? (tags[tagNames.parentRun] ?? "") : formatRunId(row.parent_id),
  });
}

function latestPoint([key, point]: [string, string]): MetricPoint {
  const [value, step, ts] = point.split(" ") as [string, string, string];
  return create(MetricPointSchema, {
    key,
    value: Number(value),
    step: BigInt(step),
    timeMs: BigInt(ts),
  });
}

function snapshotInput({ rows, size, schema_json, ...input }: InputRow) {
  return { ...input, rows: BigInt(rows), size: BigInt(size), schemaJson: schema_json };
}

function describedInput(row: DescribedInputRow, description?: Description) {
  const { name, digest, source, role, source_type: sourceType, tags } = row;
  const { schema_json: schemaJson = "", profile_json: profileJson = "" } = description ?? {};
  return { name, digest, source, role, sourceType, schemaJson, profileJson, tags: { ...tags } };
}

async function readDescriptions(db: Db, runs: readonly RunRow[]): Promise<ReadonlyMap<string, Description>> {
  const described = runs.flatMap((run) => run.described_inputs ?? []).filter((input) => input.description_size > 0);
  if (described.length === 0) return new Map();
  const pks = [...new Set(described.map(({ dataset_pk }) => dataset_pk))];
  const { rows } = await sql<Description & { dataset_pk: bigint }>`
    select dataset_pk, schema_json, profile_json from logged_dataset where dataset_pk = any(${pks}::int8[])`.execute(
    db,
  );
  return new Map(rows.map((row) => [String(row.dataset_pk), row]));
}
