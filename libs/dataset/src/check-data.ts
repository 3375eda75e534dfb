/**
 * Whether a training file can work on its data: the checks that can be made before a job is queued. The command line runs
 * them on local files before it uploads them, and the worker on everything that it has read.
 * @module
 */

import { isBooleanWord } from "@mintmark/columns/boolean-text";
import { AppError } from "@mintmark/errors";
import type { Classes, ClassTarget } from "@mintmark/ml-core/base/target";
import type { Task } from "@mintmark/ml-core/base/task";
import { SCALABLE_MAX } from "@mintmark/ml-core/preprocess/fit-preprocessor";
import { TREE_VALUE_MAX } from "@mintmark/ml-core/tree/columns";
import { outputColumns, type PlannedInput } from "@mintmark/model-package/output-columns";
import {
  type AlgorithmName,
  columnsOf,
  inferTask,
  metricsOf,
  nearest,
  type Operation,
  operationOf,
  type TargetFacts,
  type TrainingConfig,
} from "@mintmark/training-file";
import { findColumn, type NumberTableColumn, type Table, type TableColumn, type TextTableColumn } from "./table.ts";
import { classLabels, classTarget, labelOf, rowsWhere, valueTarget } from "./target.ts";
import type { FeatureColumn, TrainingData } from "./training-data.ts";
import { warningsOf } from "./warnings.ts";

/**
 * The feature columns and the target that the training file names, and the task if it leaves that to the target.
 * @throws AppError with the reason of the first check that fails
 */
export function checkTrainingData(config: TrainingConfig, table: Table): TrainingData {
  if (table.rows === 0) throw new AppError("DATA_EMPTY", { source: config.data.source });
  const column = config.data.target === null ? null : requireTargetColumn(config.data.target, table);
  const task = inferTask(config, column === null ? null : factsOf(column));
  const labels = column === null ? { target: null, classes: null } : checkTarget(config, task, column);
  const features = checkFeatures(config, task, table);
  checkPreprocessing(config, features);
  const cutOff = checkValues(config, features);
  checkCounts(config, table.rows, labels);
  checkOutput(config, { task, features, classes: labels.classes });
  checkMetrics(config, task, labels.classes);
  return {
    task,
    features,
    ...labels,
    warnings: [...table.notes, ...cutOff, ...warningsOf({ task, features, ...labels })],
  };
}

type Labels = Pick<TrainingData, "target" | "classes">;

function factsOf(column: TableColumn): TargetFacts {
  if (column.type === "unusable") throw column.error;
  if (column.type === "text") return { type: "text", integers: false, distinct: new Set(column.values).size };
  return {
    type: column.measure === "boolean" ? "boolean" : "number",
    integers: column.values.every(Number.isInteger),
    distinct: new Set(column.values).size,
  };
}

function checkTarget({ evaluate }: TrainingConfig, task: Task, column: TableColumn): Labels {
  if (task === "regression") return { target: valueTarget(column), classes: null };
  const labelled = classTarget(column);
  const { positive } = evaluate;
  if (positive !== null && labelOf(labelled.classes, positive) < 0)
    throw new AppError("POSITIVE_CLASS_NOT_FOUND", {
      positive: String(positive),
      classes: labelled.classes.map(String),
    });
  return labelled;
}

function requireTargetColumn(target: string, table: Table): TableColumn {
  const column = findColumn(table, target);
  if (column !== undefined) return column;
  const columns = table.columns.map(({ name }) => name);
  throw new AppError("TARGET_NOT_FOUND", { target, columns, suggestion: nearest(target, columns) });
}

function checkFeatures({ data, algorithm }: TrainingConfig, task: Task, table: Table): readonly FeatureColumn[] {
  const candidates = table.columns.filter(({ name }) => name !== data.target);
  const named = byName(candidates);
  const columns = data.features?.map((name) => requireFeature(name, "data.features", named)) ?? candidates;
  if (columns.length === 0) throw new AppError("FEATURES_MISSING", {});
  const features = columns.map(requireReadable);
  if (task === "text" && (features.length !== 1 || features[0]?.type !== "text"))
    throw new AppError("TEXT_FEATURES_INVALID", {
      algorithm: algorithm.name,
      columns: features.map(({ name }) => name),
    });
  return features;
}

/** To look columns up: a search for each of thousands takes minutes. */
function byName<C extends TableColumn>(columns: readonly C[]): ReadonlyMap<string, C> {
  return new Map(columns.map((column) => [column.name, column]));
}

function requireFeature<C extends TableColumn>(feature: string, field: string, candidates: ReadonlyMap<string, C>): C {
  const column = candidates.get(feature);
  if (column !== undefined) return column;
  throw new AppError("FEATURE_NOT_FOUND", { feature, field, suggestion: nearest(feature, [...candidates.keys()]) });
}

function requireReadable(column: TableColumn): FeatureColumn {
  if (column.type === "unusable") throw column.error;
  return column;
}

const takes: Readonly<Record<Operation, readonly FeatureColumn["type"][]>> = {
  "ordinal-encode": ["text"],
  "one-hot": ["text"],
  "standard-scale": ["number"],
  "min-max-scale": ["number"],
  impute: ["number", "text"],
};

function checkPreprocessing({ preprocess }: TrainingConfig, features: readonly FeatureColumn[]): void {
  const named = byName(features);
  for (const [index, entry] of preprocess.entries()) {
    const step = operationOf(entry)!;
    for (const name of columnsOf(entry)) {
      const column = requireFeature(name, `preprocess[${index}]`, named);
      if (takes[step].includes(column.type)) continue;
      throw column.type === "text" ? notNumeric(column, step) : new AppError("COLUMN_NOT_TEXT", { column: name, step });
    }
  }
}

function notNumeric({ name, values }: TextTableColumn, step: string): AppError {
  return new AppError("COLUMN_NOT_NUMERIC", {
    column: name,
    step,
    example: values.find((value) => value !== "") ?? "",
  });
}

/** @returns what is to be said of missing numbers that no step fills */
function checkValues({ preprocess, algorithm }: TrainingConfig, features: readonly FeatureColumn[]): string[] {
  const imputed = new Set(preprocess.flatMap((step) => (operationOf(step) === "impute" ? columnsOf(step) : [])));
  const scaledBy = new Map<string, Operation>();
  for (const step of preprocess.toReversed())
    if (scales.has(operationOf(step)!)) for (const name of columnsOf(step)) scaledBy.set(name, operationOf(step)!);
  return features.flatMap((column) => {
    if (column.type === "text") return [];
    requireFinite(column);
    const step = scaledBy.get(column.name);
    if (step !== undefined) requireScalable(column, step);
    if (growsTrees.has(algorithm.name)) requireCuttable(column);
    if (imputed.has(column.name)) return [];
    if (cutsMissingOff.has(algorithm.name) && step === undefined) return missingCutOff(column);
    requireNoneMissing(column);
    return [];
  });
}

function missingCutOff({ name, values }: NumberTableColumn): string[] {
  const { count, first } = rowsWhere(values, Number.isNaN);
  if (count === 0) return [];
  const [noun, verb] = count === 1 ? ["value", "counts"] : ["values", "count"];
  return [
    `column '${name}' has ${count} missing ${noun}, the first in row ${first}, which ${verb} as larger than all others; a step { impute: [${name}] } fills them instead`,
  ];
}

function requireFinite({ name, values }: NumberTableColumn): void {
  const infinite = rowsWhere(
    values,
    (value) => value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY,
  );
  if (infinite.count > 0)
    throw new AppError("VALUES_INFINITE", { column: name, infinite: infinite.count, row: infinite.first });
}

function requireNoneMissing({ name, values }: NumberTableColumn): void {
  const missing = rowsWhere(values, Number.isNaN);
  if (missing.count > 0)
    throw new AppError("VALUES_MISSING", { column: name, missing: missing.count, row: missing.first });
}

const scales: ReadonlySet<Operation> = new Set<Operation>(["standard-scale", "min-max-scale"]);

function requireScalable({ name, values }: NumberTableColumn, step: Operation): void {
  const { count, first } = rowsWhere(values, (value) => Math.abs(value) > SCALABLE_MAX);
  if (count === 0) return;
  const place = { column: name, value: values[first - 1]!, row: first };
  throw new AppError("VALUES_TOO_LARGE_TO_SCALE", { ...place, step, most: SCALABLE_MAX });
}

/** Trees to which a missing value is larger than every other, so that they can cut it off. */
const cutsMissingOff: ReadonlySet<AlgorithmName> = new Set<AlgorithmName>([
  "decision-stump",
  "decision-tree",
  "random-forest",
  "gradient-boosting",
]);
const growsTrees: ReadonlySet<AlgorithmName> = new Set<AlgorithmName>([...cutsMissingOff, "isolation-forest"]);

function requireCuttable({ name, values }: NumberTableColumn): void {
  const { count, first } = rowsWhere(values, (value) => Math.abs(value) > TREE_VALUE_MAX);
  if (count > 0)
    throw new AppError("VALUES_TOO_LARGE", {
      column: name,
      value: values[first - 1]!,
      row: first,
      most: TREE_VALUE_MAX,
    });
}

/** What the split leaves to train on, of each class if it is stratified, against what folds and clusters need. */
function checkCounts({ data, evaluate, algorithm }: TrainingConfig, rows: number, { target, classes }: Labels): void {
  const { test, validation, stratify } = data.split;
  const groups = stratify && target?.kind === "classes" && classes !== null ? classCounts(target, classes) : [{ rows }];
  const left = groups.map((group) => ({ ...group, left: kept(group.rows, test, validation) }));
  const total = sum(left.map((group) => group.left));
  if (total < 1) throw new AppError("SPLIT_LEAVES_NOTHING", { rows, part: "training", left: total });
  if (evaluate.folds > total) throw new AppError("FOLDS_EXCEED_ROWS", { folds: evaluate.folds, rows: total });
  for (const { value, rows, left: rowsLeft } of left) {
    if (value === undefined) continue;
    if (rowsLeft < 1)
      throw new AppError("SPLIT_LEAVES_NOTHING", { rows, part: `training of class '${value}'`, left: rowsLeft });
    if (evaluate.folds > rowsLeft)
      throw new AppError("FOLDS_EXCEED_CLASS", { folds: evaluate.folds, value, rows: rowsLeft });
  }
  const clusters = algorithm.name === "k-means" ? algorithm.params.n_clusters : 0;
  if (clusters > total) throw new AppError("CLUSTERS_EXCEED_ROWS", { clusters, rows: total });
}

/** Names that cannot be given to predictions, before anything is trained to make them. */
function checkOutput(
  { algorithm, output }: TrainingConfig,
  { task, features, classes }: Pick<TrainingData, "task" | "features" | "classes">,
): void {
  const clusters = algorithm.name === "k-means" ? algorithm.params.n_clusters : 0;
  const values = task === "clustering" ? Array.from({ length: clusters }, (_, k) => k) : classes;
  const labels = output.labels === null ? null : classLabels(output.labels, values);
  outputColumns({ task, inputs: features.map(plannedInput), values, output: { name: output.name, labels } });
}

/** As far as the names of outputs depend on it: columns that may be booleans are inputs of the graph by their own names. */
function plannedInput(feature: FeatureColumn): PlannedInput {
  const { name, type } = feature;
  if (feature.type === "number") return { name, type, column: { type: feature.measure } };
  const isBoolean = feature.values.every((value) => value === "" || isBooleanWord(value));
  return { name, type, column: { type: "text", spells: isBoolean ? ["boolean"] : [] } };
}

/** Which metrics there are, depends on how many classes there are; one that is asked for in vain is an error before the fit. */
function checkMetrics({ evaluate }: TrainingConfig, task: Task, classes: Classes | null): void {
  const isBinary = classes?.length === 2;
  const known = metricsOf[task].filter((name) => !(isBinary ? onlyOfMany : onlyOfTwo).has(name) || classes === null);
  const strange = evaluate.metrics?.find((name) => !known.includes(name));
  if (strange === undefined) return;
  const what = classes === null ? task : `${task} of ${classes.length} classes`;
  throw new AppError("METRIC_NOT_DEFINED", { metric: strange, what, known });
}

const onlyOfTwo: ReadonlySet<string> = new Set(["precision", "recall", "f1", "roc_auc"]);
const onlyOfMany: ReadonlySet<string> = new Set(["roc_auc_ovr"]);

function classCounts({ labels }: ClassTarget, classes: Classes): { value?: string; rows: number }[] {
  const counts = classes.map((value) => ({ value: String(value), rows: 0 }));
  for (const label of labels) counts[label]!.rows++;
  return counts;
}

/** How many of `rows` remain to train on; the rounding of the split. */
function kept(rows: number, test: number, validation: number): number {
  return rows - Math.round(rows * test) - Math.round(rows * validation);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
