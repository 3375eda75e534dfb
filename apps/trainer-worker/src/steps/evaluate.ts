/**
 * Step 4: how good the model is, on each part of the split and by cross-validation, with the same code everywhere.
 * @module
 */

import { labelOf, type TrainingData } from "@mintmark/dataset";
import { silentPort } from "@mintmark/ml-core/base/fit-port";
import type { Classes } from "@mintmark/ml-core/base/target";
import { classificationMetrics } from "@mintmark/ml-core/metrics/classification";
import { clusteringMetrics } from "@mintmark/ml-core/metrics/clustering";
import { regressionMetrics } from "@mintmark/ml-core/metrics/regression";
import { type MetricReport, reportOf } from "@mintmark/ml-core/metrics/report";
import { type Rows as PredictorRows, predict } from "@mintmark/ml-core/predict";
import { transform } from "@mintmark/ml-core/preprocess/transform";
import { kFold } from "@mintmark/ml-core/split/k-fold";
import type { RowSplit } from "@mintmark/ml-core/split/split-rows";
import type { TrainingConfig } from "@mintmark/training-file";
import type { FittedModel } from "../algorithms.ts";
import { fitRows } from "./fit.ts";
import { allRows, classesOf, type Rows, takeRows } from "./split.ts";

export interface Evaluation {
  /** Of the test part by their plain names, of the others with `train_`, `validation_`, `cv_…_mean` and `cv_…_std`. */
  readonly metrics: Readonly<Record<string, number>>;
  /** One a metric that is not defined on some part. */
  readonly warnings: readonly string[];
}

export interface EvaluationRequest {
  readonly config: TrainingConfig;
  readonly data: TrainingData;
  readonly split: RowSplit;
  readonly fitted: FittedModel;
  readonly onFold: (done: number, of: number) => void;
}

export function evaluateModel(request: EvaluationRequest): Evaluation {
  const { config, data, split, fitted } = request;
  const rows = allRows(data);
  const metrics: Record<string, number> = {};
  const warnings: string[] = [];
  const parts = { "": split.test, train_: split.train, validation_: split.validation };
  for (const [prefix, part] of Object.entries(parts)) {
    if (part.length === 0) continue;
    const report = wanted(config, measure(config, data.classes, fitted, takeRows(rows, part)));
    for (const [name, value] of Object.entries(report.values)) metrics[`${prefix}${name}`] = value;
    for (const { name, reason } of report.undefined) warnings.push(`${prefix}${name} is left out: ${reason}`);
  }
  const crossed = crossValidate(request, takeRows(rows, split.train));
  return { metrics: { ...metrics, ...crossed.metrics }, warnings: [...warnings, ...crossed.warnings] };
}

/** What the model takes of the columns: their features, or the texts themselves. */
export function predictorRows(
  { preprocessor, estimator }: FittedModel,
  { columns }: Pick<Rows, "columns">,
): PredictorRows {
  if (estimator.kind !== "text") return transform(preprocessor, columns);
  const [column] = columns;
  if (column?.type !== "text") throw new TypeError(`"columns" expected one text column, got ${column?.type}`);
  return column.values;
}

/** The class that binary metrics are about: the one that the training file names, else the later one. */
export function positiveLabel({ evaluate }: Pick<TrainingConfig, "evaluate">, classes: Classes): number {
  return evaluate.positive === null ? 1 : labelOf(classes, evaluate.positive);
}

/** Every metric of the task on these rows. */
function measure(
  { data, evaluate }: TrainingConfig,
  classes: Classes | null,
  fitted: FittedModel,
  rows: Rows,
): MetricReport {
  const x = predictorRows(fitted, rows);
  const prediction = predict(fitted.estimator, x);
  const { target } = rows;
  if (prediction.kind === "classes" && target?.kind === "classes") {
    const { labels: predicted, probabilities } = prediction;
    const positive = positiveLabel({ evaluate }, classes ?? []);
    return classificationMetrics({ truth: target.labels, predicted, probabilities, positive });
  }
  if (prediction.kind === "values" && target?.kind === "values")
    return regressionMetrics(target.values, prediction.values);
  if (prediction.kind === "clusters" && "data" in x)
    return clusteringMetrics({ x, ...prediction, seed: data.split.seed });
  if (prediction.kind === "anomalies") return reportOf({ anomaly_rate: mean(Array.from(prediction.isAnomaly)) });
  throw new TypeError(`"target" expected what fits ${prediction.kind}, got ${target?.kind ?? null}`);
}

/** Only the metrics that the training file asks for; all of them if it names none. */
function wanted({ evaluate }: TrainingConfig, report: MetricReport): MetricReport {
  const names = evaluate.metrics;
  if (names === null) return report;
  const values = Object.fromEntries(Object.entries(report.values).filter(([name]) => names.includes(name)));
  return { values, undefined: report.undefined.filter(({ name }) => names.includes(name)) };
}

/** Fits anew on each fold's training rows, with the same seed, and measures on the others. */
function crossValidate({ config, data, onFold }: EvaluationRequest, rows: Rows): Evaluation {
  const { folds } = config.evaluate;
  if (folds === 0) return { metrics: {}, warnings: [] };
  const { seed, stratify } = config.data.split;
  const parts = kFold(rows.count, { folds, seed, stratify: stratify ? classesOf(rows.target) : null });
  const reports = parts.map(({ train, test }, index) => {
    const fitted = fitRows(config, takeRows(rows, train), silentPort);
    onFold(index + 1, folds);
    return wanted(config, measure(config, data.classes, fitted, takeRows(rows, test)));
  });
  return summary(reports);
}

/** Mean and (population) standard deviation of each metric that is defined in every fold. */
function summary(reports: readonly MetricReport[]): Evaluation {
  const metrics: Record<string, number> = {};
  const names = new Set(reports.flatMap(({ values }) => Object.keys(values)));
  for (const name of names) {
    const values = reports.flatMap((report) => report.values[name] ?? []);
    if (values.length < reports.length) continue;
    metrics[`cv_${name}_mean`] = mean(values);
    metrics[`cv_${name}_std`] = Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));
  }
  const reasons = new Map(reports.flatMap((report) => report.undefined.map(({ name, reason }) => [name, reason])));
  return { metrics, warnings: [...reasons].map(([name, reason]) => `cv_${name} is left out: in a fold, ${reason}`) };
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
