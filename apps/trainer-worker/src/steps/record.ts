/**
 * What the run remembers: its parameters and data once they are known, its metrics and warnings once there are any.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { profileTable } from "@mintmark/dataset";
import {
  type DatasetInput,
  DatasetInputSchema,
  type MetricPoint,
  MetricPointSchema,
} from "@mintmark/proto/mintmark/tracking/v1/run";
import type { TrainingConfig } from "@mintmark/training-file";
import type { LossPoint } from "../checkpoint/fit-state.ts";
import type { JobContext } from "../job-context.ts";
import { repeated } from "../retry.ts";
import type { LoadedData } from "./load.ts";
import { warningsTag } from "./warnings.ts";

export async function recordData(context: JobContext, config: TrainingConfig, loaded: LoadedData): Promise<void> {
  await logBatch(context, { params: paramsOf(config), inputs: inputsOf(loaded) });
}

export interface Measured {
  readonly metrics: Readonly<Record<string, number>>;
  readonly losses: readonly LossPoint[];
  readonly warnings: readonly string[];
}

export async function recordMeasured(context: JobContext, measured: Measured): Promise<void> {
  const { metrics, losses, warnings } = measured;
  const points = [
    ...Object.entries(metrics).map(([key, value]) => create(MetricPointSchema, { key, value })),
    ...losses.map(toPoint),
  ];
  for (let from = 0; from < points.length; from += maxPoints)
    await logBatch(context, { metrics: points.slice(from, from + maxPoints) });
  // Of an attempt before this one there may be some, which must not pass for those of this one.
  const hadSome = context.job.run?.tags[warningsTag] !== undefined;
  if (warnings.length > 0 || hadSome) await logBatch(context, { tags: { [warningsTag]: JSON.stringify(warnings) } });
}

const maxPoints = 1_000;
const patienceMs = 60_000;

interface Batch {
  readonly params?: Record<string, string>;
  readonly metrics?: MetricPoint[];
  readonly inputs?: DatasetInput[];
  readonly tags?: Record<string, string>;
}

async function logBatch({ registry, runId, attemptToken, signal }: JobContext, batch: Batch): Promise<void> {
  const call = () => registry.runs.logBatch({ runId, attemptToken, ...batch }, { signal });
  await repeated(call, { forMs: patienceMs, signal });
}

/** The algorithm's parameters by their own names, and what else decides the result. */
function paramsOf({ algorithm, data }: TrainingConfig): Record<string, string> {
  const { name, seed, params } = algorithm;
  const values = { algorithm: name, seed, "split.seed": data.split.seed, ...params };
  const present = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present.map(([key, value]) => [key, String(value)]));
}

/** Rows and profile are of the table as it was trained on: all files together, after the query. */
function inputsOf({ table, files }: LoadedData): DatasetInput[] {
  const schemaJson = JSON.stringify({ columns: profileTable(table) });
  return files.map(({ name, source, blake3, sha256, size }) =>
    create(DatasetInputSchema, {
      name,
      source,
      blake3,
      sha256,
      size: BigInt(size),
      role: "training",
      rows: BigInt(table.rows),
      schemaJson,
    }),
  );
}

function toPoint({ iteration, loss, time }: LossPoint): MetricPoint {
  return create(MetricPointSchema, { key: "loss", value: loss, step: BigInt(iteration), timeMs: BigInt(time) });
}
