/**
 * Logs parameters, metrics, tags, inputs and outputs: all of them or none, in one statement.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { parseLoggedModelId } from "@mintmark/names/logged-model-id";
import { parseRunId } from "@mintmark/names/run-id";
import type { DatasetInput, MetricPoint, ModelOutput } from "@mintmark/proto/mintmark/tracking/v1/run";
import { type RawBuilder, sql } from "kysely";
import { prepared } from "../db/prepared.ts";
import type { Db } from "../db/schema.ts";
import { retryDeadlock } from "../db/sqlstate.ts";
import { invalid, requireCount, requireText } from "../fields.ts";
import { describedJson, requireInput, snapshotJson } from "./dataset-input.ts";
import { refusal } from "./refusal.ts";
import { requireRunTags } from "./run-tags.ts";
import { requireKey, requireKeyed } from "./tracking-key.ts";

export interface LogBatch {
  readonly runId: string;
  /** The present attempt, if the run is a job; else empty. */
  readonly attemptToken: string;
  readonly params: Readonly<Record<string, string>>;
  readonly metrics: readonly MetricPoint[];
  readonly tags: Readonly<Record<string, string>>;
  readonly inputs: readonly DatasetInput[];
  /** Ids of logged models. */
  readonly modelInputs: readonly string[];
  readonly modelOutputs: readonly ModelOutput[];
}

/**
 * @throws AppError REQUEST_INVALID, RUN_NOT_FOUND, RUN_DELETED, RUN_ENDED, PARAM_CHANGED, ATTEMPT_LOST,
 * LOGGED_MODEL_NOT_FOUND
 */
export async function logBatch(db: Db, batch: LogBatch): Promise<void> {
  const { runId, metrics, params, tags, inputs, modelInputs, modelOutputs } = checked(batch);
  const now = Date.now();
  // Without any, as nearly always, the statement need not look.
  const linked = metrics.some(({ modelId }) => modelId !== "") ? metrics : [];
  const statement = sql`${prepared} select log_batch(
      ${parseRunId(runId)}::uuid, ${attemptUuid(batch)}::uuid,
      ${Object.keys(params)}::text[], ${Object.values(params)}::text[],
      ${Object.keys(tags)}::text[], ${Object.values(tags)}::text[],
      ${metrics.map(({ key }) => key)}::text[], ${metrics.map(({ value }) => value)}::float8[],
      ${metrics.map(({ step }) => step)}::bigint[],
      ${metrics.map(({ timeMs }) => timeMs ?? now)}::bigint[],
      ${linked.map(({ modelId }) => (modelId === "" ? null : parseLoggedModelId(modelId)))}::uuid[],
      ${linked.map(({ datasetName }) => datasetName)}::text[], ${linked.map(({ datasetDigest }) => datasetDigest)}::text[],
      ${JSON.stringify(inputs.filter(({ blake3 }) => blake3 !== "").map(snapshotJson))}::jsonb,
      ${JSON.stringify(inputs.filter(({ blake3 }) => blake3 === "").map(describedJson))}::jsonb,
      ${modelInputs.map(parseLoggedModelId)}::uuid[],
      ${modelOutputs.map(({ modelId }) => parseLoggedModelId(modelId))}::uuid[],
      ${modelOutputs.map(({ step }) => step)}::bigint[])`;
  try {
    if (inputs.length === 0) await retryDeadlock(() => statement.execute(db));
    else await retryDeadlock(() => logInputs(db, runId, statement));
  } catch (error) {
    throw refusal(error, { run: runId });
  }
}

/** Every answer about the run has them all; the statement holds the run's row, so that no other adds to them meanwhile. */
function logInputs(db: Db, run: string, statement: RawBuilder<unknown>): Promise<void> {
  return db.transaction().execute(async (tx) => {
    await statement.execute(tx);
    const { rows } = await sql<{ size: bigint }>`
      select coalesce(sum(octet_length(schema_json)::int8 + octet_length(profile_json)), 0)::int8 as size from (
        select schema_json, '' as profile_json from run_input join run using (run_pk) where run_id = ${run}::uuid
        union all
        select d.schema_json, d.profile_json from run_logged_dataset join run using (run_pk) join logged_dataset d using (dataset_pk)
        where run_id = ${run}::uuid) inputs`.execute(tx);
    const { size } = rows[0]!;
    if (size > maxDescriptions)
      throw invalid(
        "inputs",
        `of run ${run} must have schemas and profiles of at most ${maxDescriptions} bytes in all, would have ${size}`,
      );
  });
}

/** An attempt's token as the database takes it; one that cannot be any is the token of none. */
export function attemptUuid({ runId, attemptToken }: Pick<LogBatch, "runId" | "attemptToken">): string | null {
  if (attemptToken === "") return null;
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(attemptToken))
    throw new AppError("ATTEMPT_LOST", { run: runId });
  return attemptToken;
}

const maxParam = 6_000;
const maxDatasetName = 500;
const maxDescriptions = 64 * 1024 * 1024;
const maxDatasetDigest = 128;

function checked(batch: LogBatch): LogBatch {
  const { params, metrics, tags, inputs, modelInputs, modelOutputs } = batch;
  requireCount("params", Object.keys(params).length, 100);
  requireCount("metrics", metrics.length, 1000);
  requireCount("tags", Object.keys(tags).length, 100);
  requireCount("inputs", inputs.length, 1000);
  requireCount("model_inputs", modelInputs.length, 1000);
  requireCount("model_outputs", modelOutputs.length, 1000);
  requireRunTags(tags);
  requireKeyed("param", params, maxParam);
  for (const { key, datasetName, datasetDigest } of metrics) {
    requireKey("metric", key);
    requireText(`dataset_name of metric ${key}`, datasetName, maxDatasetName);
    requireText(`dataset_digest of metric ${key}`, datasetDigest, maxDatasetDigest);
  }
  for (const input of inputs) requireInput(input);
  return batch;
}
