/**
 * Logs parameters, metrics, tags and inputs: all of them or none, in one statement.
 * @module
 */

import { timestampMs } from "@bufbuild/protobuf/wkt";
import { AppError } from "@mintmark/errors";
import type { DatasetInput, MetricPoint } from "@mintmark/proto/mintmark/tracking/v1/run";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { requireTags, requireText } from "../fields.ts";
import { parseRunId } from "./run-id.ts";
import { jobStatusName } from "./run-status.ts";

export interface LogBatch {
  readonly runId: string;
  /** The present attempt, if the run is a job; else empty. */
  readonly attemptToken: string;
  readonly params: Readonly<Record<string, string>>;
  readonly metrics: readonly MetricPoint[];
  readonly tags: Readonly<Record<string, string>>;
  readonly inputs: readonly DatasetInput[];
}

/** @throws AppError REQUEST_INVALID, RUN_NOT_FOUND, RUN_ENDED, PARAM_CHANGED, ATTEMPT_LOST */
export async function logBatch(db: Db, batch: LogBatch): Promise<void> {
  const { runId, metrics, params, tags } = checked(batch);
  const now = Date.now();
  const inputs = batch.inputs.map(inputJson);
  try {
    await sql`select log_batch(
      ${parseRunId(runId)}::uuid, ${attemptUuid(batch)}::uuid,
      ${Object.keys(params)}::text[], ${Object.values(params)}::text[],
      ${Object.keys(tags)}::text[], ${Object.values(tags)}::text[],
      ${metrics.map(({ key }) => key)}::text[], ${metrics.map(({ value }) => value)}::float8[],
      ${metrics.map(({ step }) => step)}::bigint[],
      ${metrics.map(({ time }) => (time === undefined ? now : Math.floor(timestampMs(time))))}::bigint[],
      ${JSON.stringify(inputs)}::jsonb)`.execute(db);
  } catch (error) {
    throw refusal(error, runId);
  }
}

/** An attempt's token as the database takes it; one that cannot be any is the token of none. */
export function attemptUuid({ runId, attemptToken }: Pick<LogBatch, "runId" | "attemptToken">): string | null {
  if (attemptToken === "") return null;
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(attemptToken))
    throw new AppError("ATTEMPT_LOST", { run: runId });
  return attemptToken;
}

function checked(batch: LogBatch): LogBatch {
  const { params, metrics, tags, inputs } = batch;
  requireCount("params", Object.keys(params).length, 100);
  requireCount("metrics", metrics.length, 1000);
  requireCount("tags", Object.keys(tags).length, 100);
  requireCount("inputs", inputs.length, 100);
  requireTags(tags);
  for (const [key, value] of Object.entries(params)) {
    requireKey(key);
    requireText(`param ${key}`, value, 6_000);
  }
  for (const { key } of metrics) requireKey(key);
  for (const input of inputs) requireInput(input);
  return batch;
}

function requireInput({ name, blake3, sha256, source, role, schemaJson }: DatasetInput): void {
  for (const [field, digest] of Object.entries({ blake3, sha256 }))
    if (!/^[0-9a-f]{64}$/.test(digest))
      throw new AppError("REQUEST_INVALID", { field: `inputs.${field}`, problem: "must be 64 lower-case hex digits" });
  for (const [field, text] of Object.entries({ name, source, role })) requireText(`inputs.${field}`, text, 2_000);
  requireText("inputs.schema_json", schemaJson, 4_000_000);
}

function requireKey(key: string): void {
  if (key === "") throw new AppError("REQUEST_INVALID", { field: "key", problem: "must not be empty" });
  requireText("key", key, 250);
}

function requireCount(field: string, count: number, most: number): void {
  if (count > most)
    throw new AppError("REQUEST_INVALID", { field, problem: `must have at most ${most} entries, got ${count}` });
}

function inputJson({ name, blake3, sha256, source, role, rows, size, schemaJson }: DatasetInput) {
  return { name, blake3, sha256, source, role, row_count: String(rows), size: String(size), schema_json: schemaJson };
}

function refusal(error: unknown, run: string): unknown {
  const { code, detail = "" } = error as { code?: unknown; detail?: string };
  switch (code) {
    case "MM404":
      return new AppError("RUN_NOT_FOUND", { run });
    case "MM409":
      return new AppError("ATTEMPT_LOST", { run });
    case "MM410":
      return new AppError("RUN_ENDED", { run, status: jobStatusName(Number(detail)) });
    case "MM422":
      return new AppError("PARAM_CHANGED", {
        run,
        ...(JSON.parse(detail) as { key: string; old: string; new: string }),
      });
    default:
      return error;
  }
}
