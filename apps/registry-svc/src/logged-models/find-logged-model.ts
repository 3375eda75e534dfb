/**
 * Reads logged models whole: with their parameters, metrics, tags and the versions that were registered of them.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { AppError } from "@mintmark/errors";
import { formatLoggedModelId, parseLoggedModelId } from "@mintmark/names/logged-model-id";
import { formatRunId } from "@mintmark/names/run-id";
import {
  type LoggedModel,
  LoggedModelSchema,
  type LoggedModelStatus,
} from "@mintmark/proto/mintmark/tracking/v1/logged_model";
import { type RawBuilder, sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { loggedModelArtifactUri } from "../experiments/artifact-location.ts";
import type { Placed } from "../page-rows.ts";

/** @throws AppError LOGGED_MODEL_NOT_FOUND, also if it is deleted */
export async function findLoggedModel(db: Db, id: string): Promise<LoggedModel> {
  const [model] = await readLoggedModels(
    db,
    sql`select l.*, 1::int8 as place from logged_model l where id = ${parseLoggedModelId(id)}::uuid and deleted_at is null`,
  );
  if (model === undefined) throw new AppError("LOGGED_MODEL_NOT_FOUND", { id });
  return loggedModelMessage(model);
}

/** What is to be known of `models`, a query of whole rows of `logged_model` with their `place`, in that order. */
export async function readLoggedModels(db: Db, models: RawBuilder<unknown>): Promise<readonly LoggedModelRow[]> {
  const { rows } = await sql<LoggedModelRow>`
    select l.place, l.id, l.experiment_pk, l.name, l.model_type, l.status, l.created_at, l.updated_at, source.run_id as source_run,
      e.artifact_location as location, params.*, tags.*, metrics.*, versions.*
    from (${models}) l
    join experiment e using (experiment_pk)
    left join run source on source.run_pk = l.source_run_pk
    cross join lateral (
      select jsonb_object_agg(k.name, p.value) as params
      from logged_model_param p join key_name k using (key_id) where p.logged_model_pk = l.logged_model_pk) params
    cross join lateral (
      select jsonb_object_agg(k.name, t.value) as tags
      from logged_model_tag t join key_name k using (key_id) where t.logged_model_pk = l.logged_model_pk) tags
    cross join lateral (
      select array_agg(k.name order by k.name, r.run_pk, m.dataset_name, m.dataset_digest) as metric_keys,
        array_agg(m.value order by k.name, r.run_pk, m.dataset_name, m.dataset_digest) as metric_values,
        jsonb_agg(jsonb_build_object('step', m.step::text, 'ts', m.ts::text, 'run', r.run_id,
          'dataset_name', m.dataset_name, 'dataset_digest', m.dataset_digest)
          order by k.name, r.run_pk, m.dataset_name, m.dataset_digest) as metric_places
      from logged_model_metric m join key_name k using (key_id) join run r using (run_pk)
      where m.logged_model_pk = l.logged_model_pk) metrics
    cross join lateral (
      select array_agg(m.shown_name || '/' || v.number order by v.version_pk) as versions
      from version v join model m using (model_pk)
      where v.logged_model_pk = l.logged_model_pk and v.deleted_at is null and m.deleted_at is null) versions
    order by l.place`.execute(db);
  return rows;
}

export interface LoggedModelRow extends Placed {
  readonly id: string;
  readonly experiment_pk: number;
  readonly name: string;
  readonly model_type: string;
  readonly status: number;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly source_run: string | null;
  readonly location: string;
  readonly params: Readonly<Record<string, string>> | null;
  readonly tags: Readonly<Record<string, string>> | null;
  readonly metric_keys: readonly string[] | null;
  /** Apart from the rest: JSON has neither NaN nor infinities. */
  readonly metric_values: readonly number[] | null;
  readonly metric_places: readonly MetricPlace[] | null;
  readonly versions: readonly string[] | null;
}

/** 64-bit numbers come as text: JSON would round them beyond 2^53. */
interface MetricPlace {
  readonly step: string;
  readonly ts: string;
  readonly run: string;
  readonly dataset_name: string;
  readonly dataset_digest: string;
}

export function loggedModelMessage(row: LoggedModelRow): LoggedModel {
  const id = formatLoggedModelId(row.id);
  return create(LoggedModelSchema, {
    id,
    experimentId: String(row.experiment_pk),
    name: row.name,
    modelType: row.model_type,
    sourceRunId: row.source_run === null ? "" : formatRunId(row.source_run),
    status: row.status as LoggedModelStatus,
    createTime: timestampFromDate(row.created_at),
    updateTime: timestampFromDate(row.updated_at),
    artifactUri: loggedModelArtifactUri(row.experiment_pk, row.location, id),
    params: { ...row.params },
    tags: { ...row.tags },
    metrics: (row.metric_places ?? []).map((place, at) => ({
      key: row.metric_keys![at]!,
      value: row.metric_values![at]!,
      step: BigInt(place.step),
      timeMs: BigInt(place.ts),
      modelId: id,
      datasetName: place.dataset_name,
      datasetDigest: place.dataset_digest,
      runId: formatRunId(place.run),
    })),
    versions: [...(row.versions ?? [])],
  });
}
