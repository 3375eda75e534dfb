/**
 * Step 5: the model as the files of an artifact. Nothing in them depends on time, run, host, or where the data lay: the
 * same training file, data and seed give the same digest.
 * @module
 */

import type { ColumnSchema } from "@mintmark/columns/column-schema";
import { digestsOf } from "@mintmark/crypto/digests";
import { artifactDigest, type ManifestFile, sortByPath } from "@mintmark/crypto/manifest";
import { classLabels, type FeatureColumn, type TrainingData } from "@mintmark/dataset";
import type { ColumnEncoder } from "@mintmark/ml-core/base/preprocessing";
import type { Classes } from "@mintmark/ml-core/base/target";
import { featureImportance, importanceByColumn } from "@mintmark/ml-core/feature-importance";
import { modelFiles } from "@mintmark/model-package/package-directory";
import { loadPredictor } from "@mintmark/model-package/predictor";
import type { TrainedModel } from "@mintmark/model-package/trained-model";
import type { TrainingConfig } from "@mintmark/training-file";
import type { FittedModel } from "../algorithms.ts";
import { intendedUse, limitations } from "./card-text.ts";
import { predictorRows } from "./evaluate.ts";
import type { DataFile } from "./load.ts";
import { allRows, type Rows, takeRows } from "./split.ts";

export interface PackagedModel {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly manifest: readonly ManifestFile[];
  /** `blake3:` and 64 hex digits. */
  readonly digest: string;
}

/** What the model card says and the files do not. */
export interface CardFacts {
  readonly samples: number;
  readonly features: number;
  /** By column, largest first; empty where the kind of model has no such notion. */
  readonly importance: readonly { readonly feature: string; readonly importance: number }[];
  readonly singleRowLatencyUs: number;
  readonly intendedUse: string;
  readonly limitations: string;
}

export interface PackageRequest {
  readonly config: TrainingConfig;
  readonly data: TrainingData;
  readonly fitted: FittedModel;
  readonly dataFiles: readonly Pick<DataFile, "name" | "size" | "blake3" | "sha256">[];
}

export function packageModel(request: PackageRequest): PackagedModel {
  const files = modelFiles({
    model: trainedModel(request),
    example: takeRows(allRows(request.data), firstRows(request.data, exampleRows)).columns,
    training: trainingRecord(request),
  });
  const manifest = sortByPath([...files].map(([path, content]) => ({ path, ...digestsOf(content) })));
  return { files, manifest, digest: artifactDigest(manifest) };
}

/** Latency is measured on the packaged model itself: what serving will run. */
export function cardFacts(request: PackageRequest, training: Rows, packaged: PackagedModel): CardFacts {
  const { config, data, fitted, dataFiles } = request;
  const facts = {
    task: data.task,
    features: data.features.map(({ name }) => name),
    samples: training.count,
    files: dataFiles.map(({ name }) => name),
  };
  return {
    intendedUse: intendedUse(config, facts),
    limitations: limitations(config, facts),
    samples: training.count,
    features: data.features.length,
    importance: importances(fitted, training),
    singleRowLatencyUs: medianLatency(packaged, takeRows(allRows(data), firstRows(data, 1))),
  };
}

const exampleRows = 5;

function firstRows({ features }: TrainingData, count: number): Int32Array {
  return Int32Array.from({ length: Math.min(count, features[0]!.values.length) }, (_, row) => row);
}

function trainedModel({ config, data, fitted }: PackageRequest): TrainedModel {
  const { name, labels } = config.output;
  return {
    task: data.task,
    inputs: data.features.map((feature, at) => {
      const { name, type } = feature;
      return { name, type, column: columnSchema(feature, fitted.preprocessor.encoders[at]) };
    }),
    preprocessor: fitted.preprocessor,
    estimator: fitted.estimator,
    classes: data.classes,
    output: { name, labels: labels === null ? null : classLabels(labels, valuesOf(fitted, data)) },
    ...readingOf(config.data),
  };
}

/** What predictions are: classes, or the numbers of clusters. */
function valuesOf({ estimator }: FittedModel, { classes }: TrainingData): Classes | null {
  if (estimator.kind !== "k-means") return classes;
  return Array.from({ length: estimator.centers.rows }, (_, k) => k);
}

/** What of the reading is not as everywhere: rows that are asked for later are read in the same way. */
function readingOf({ missing, delimiter, encoding, query }: TrainingConfig["data"]) {
  return {
    ...(missing !== null && { missing }),
    ...(delimiter !== null && { delimiter }),
    ...(encoding !== null && { encoding }),
    ...(query !== null && { query }),
  };
}

/** A missing number is optional where something fills it. */
function columnSchema(feature: FeatureColumn, encoder: ColumnEncoder | undefined): ColumnSchema {
  const { name } = feature;
  if (feature.type === "text") return { name, type: "text", optional: true };
  const { measure: type, format } = feature;
  const optional = encoder?.kind === "number" && encoder.fill !== null;
  return { name, type, optional, ...(format !== undefined && { format }) };
}

/** How the model was made: enough to make it again from the data with these digests. */
function trainingRecord({ config, data, dataFiles }: PackageRequest): Record<string, unknown> {
  const { source: _, features: __, target, split, ...reading } = config.data;
  return {
    task: data.task,
    data: {
      files: dataFiles.map(({ name, size, blake3, sha256 }) => ({ name, size, blake3, sha256 })),
      ...reading,
      target,
      features: data.features.map(({ name }) => name),
      split,
    },
    preprocess: config.preprocess,
    algorithm: withoutThreads(config.algorithm),
    evaluate: config.evaluate,
    output: config.output,
  };
}

/** How many threads worked changes no result. */
function withoutThreads({ threads: _, ...algorithm }: TrainingConfig["algorithm"]): Record<string, unknown> {
  return algorithm;
}

function importances(fitted: FittedModel, training: Rows): CardFacts["importance"] {
  const x = predictorRows(fitted, training);
  const shares = "data" in x ? featureImportance(fitted.estimator, x) : null;
  if (shares === null) return [];
  return [...importanceByColumn(fitted.preprocessor, shares)]
    .map(([feature, importance]) => ({ feature, importance }))
    .sort((a, b) => b.importance - a.importance);
}

function medianLatency({ files }: PackagedModel, row: Rows): number {
  const predictor = loadPredictor(files.get("model.onnx")!, files.get("MLmodel")!);
  const times: number[] = [];
  const end = performance.now() + latencyBudgetMs;
  while (times.length < latencyRuns && performance.now() < end) {
    const start = performance.now();
    predictor.predict(row.columns);
    times.push(performance.now() - start);
  }
  // The first half warms up.
  const settled = times.slice(times.length >> 1).sort((a, b) => a - b);
  return settled[settled.length >> 1]! * 1_000;
}

const latencyRuns = 400;
const latencyBudgetMs = 200;
