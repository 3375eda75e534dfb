/**
 * Whether a training file can work on its data: the checks that can be made before a job is queued. The command line runs
 * them on local files before it uploads them, and the worker on everything that it has read.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { suggest } from "./suggest.ts";
import type { NumberTableColumn, Table, TableColumn, TextTableColumn } from "./table.ts";
import { findColumn } from "./table.ts";
import { classTarget, type LabelledTarget, rowsWhere, valueTarget } from "./target.ts";

/** What the checks need of a training file with its defaults filled in. */
export interface TrainingPlan {
  readonly task: "classification" | "regression" | "clustering" | "anomaly" | "text";
  readonly data: {
    readonly source: string;
    readonly target?: string | null | undefined;
    readonly features?: readonly string[] | null | undefined;
    readonly split: { readonly test: number; readonly validation: number; readonly stratify: boolean };
  };
  /** Each step names its columns under its verb: `{ "one-hot": ["class"] }`. */
  readonly preprocess: readonly Readonly<Record<string, unknown>>[];
  readonly algorithm: { readonly name: string; readonly params: Readonly<Record<string, unknown>> };
  readonly evaluate: { readonly folds: number; readonly positive?: string | number | boolean | null | undefined };
}

/** A column that an algorithm can take. */
export type FeatureColumn = NumberTableColumn | TextTableColumn;

/** Data that passed the checks. */
export interface TrainingData {
  readonly features: readonly FeatureColumn[];
  /** Null for clustering and anomaly detection. */
  readonly target: PlainTarget | LabelledTarget | null;
}
type PlainTarget = { readonly target: ReturnType<typeof valueTarget>; readonly classes: null };

/**
 * The feature columns and the target that the training file names.
 * @throws AppError with the reason of the first check that fails
 */
export function checkTrainingData(plan: TrainingPlan, table: Table): TrainingData {
  if (table.rows === 0) throw new AppError("DATA_EMPTY", { source: plan.data.source });
  const target = checkTarget(plan, table);
  const features = checkFeatures(plan, table);
  checkPreprocessing(plan, features);
  checkValues(plan, features);
  checkCounts(plan, table.rows, target);
  return { features, target };
}

function checkTarget({ task, data, evaluate }: TrainingPlan, table: Table): TrainingData["target"] {
  if (task === "clustering" || task === "anomaly") return null;
  const column = requireTargetColumn(data.target ?? "", table);
  if (task === "regression") return { target: valueTarget(column), classes: null };
  const labelled = classTarget(column);
  const classes = labelled.classes.map(String);
  const positive = evaluate.positive ?? classes[0]!;
  if (!classes.includes(String(positive)))
    throw new AppError("POSITIVE_CLASS_NOT_FOUND", { positive: String(positive), classes });
  return labelled;
}

function requireTargetColumn(target: string, table: Table): TableColumn {
  const column = findColumn(table, target);
  if (column !== undefined) return column;
  const columns = table.columns.map(({ name }) => name);
  throw new AppError("TARGET_NOT_FOUND", { target, columns, suggestion: suggest(target, columns) });
}

function checkFeatures({ task, data, algorithm }: TrainingPlan, table: Table): readonly FeatureColumn[] {
  const candidates = table.columns.filter(({ name }) => name !== data.target);
  const columns =
    data.features?.map((name) => requireFeature(name, "data.features", candidates, data.target)) ?? candidates;
  if (columns.length === 0) throw new AppError("FEATURES_MISSING", {});
  const features = columns.map(requireReadable);
  if (task === "text" && (features.length !== 1 || features[0]?.type !== "text"))
    throw new AppError("TEXT_FEATURES_INVALID", {
      algorithm: algorithm.name,
      columns: features.map(({ name }) => name),
    });
  return features;
}

function requireFeature<C extends TableColumn>(
  feature: string,
  field: string,
  candidates: readonly C[],
  target: string | null | undefined,
): C {
  const column = candidates.find(({ name }) => name === feature);
  if (column !== undefined) return column;
  if (feature === target) throw new AppError("FEATURE_IS_TARGET", { column: feature, field });
  const suggestion = suggest(
    feature,
    candidates.map(({ name }) => name),
  );
  throw new AppError("FEATURE_NOT_FOUND", { feature, field, suggestion });
}

function requireReadable(column: TableColumn): FeatureColumn {
  if (column.type !== "unreadable") return column;
  throw new AppError("COLUMN_TYPE_UNSUPPORTED", { column: column.name, sqlType: column.sqlType });
}

/** What each step takes. `impute` takes both: missing text is a category like any other, which it may replace. */
const takes: Readonly<Record<string, "number" | "text">> = {
  "ordinal-encode": "text",
  "one-hot": "text",
  "standard-scale": "number",
  "min-max-scale": "number",
};

function checkPreprocessing({ data, preprocess }: TrainingPlan, features: readonly FeatureColumn[]): void {
  for (const [index, step] of preprocess.entries())
    for (const [verb, columns] of Object.entries(step)) {
      if (!Array.isArray(columns)) continue;
      for (const name of columns as readonly unknown[]) {
        const column = requireFeature(String(name), `preprocess[${index}]`, features, data.target);
        if (takes[verb] === "number" && column.type === "text") throw notNumeric(column, verb);
        if (takes[verb] === "text" && column.type === "number")
          throw new AppError("COLUMN_NOT_TEXT", { column: column.name, step: verb });
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

function checkValues({ preprocess, algorithm }: TrainingPlan, features: readonly FeatureColumn[]): void {
  const imputed = new Set(preprocess.flatMap((step) => (Array.isArray(step["impute"]) ? step["impute"] : [])));
  for (const column of features) {
    if (column.type === "text") continue;
    requireFinite(column);
    if (!imputed.has(column.name)) requireNoneMissing(column);
    if (comparesInFloat32.has(algorithm.name)) requireFloat32(column);
  }
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

const comparesInFloat32: ReadonlySet<string> = new Set([
  "decision-stump",
  "decision-tree",
  "random-forest",
  "gradient-boosting",
  "isolation-forest",
]);

function requireFloat32({ name, values }: NumberTableColumn): void {
  const { count, first } = rowsWhere(values, (value) => Math.abs(Math.fround(value)) === Number.POSITIVE_INFINITY);
  if (count > 0) throw new AppError("VALUES_TOO_LARGE", { column: name, value: values[first - 1]!, row: first });
}

function checkCounts({ data, evaluate, algorithm }: TrainingPlan, rows: number, target: TrainingData["target"]): void {
  const { test, validation, stratify } = data.split;
  const byClass = stratify && target?.classes ? classCounts(target) : null;
  const left =
    byClass === null ? kept(rows, test, validation) : sum(byClass.map(({ rows }) => kept(rows, test, validation)));
  if (left < 1) throw new AppError("SPLIT_LEAVES_NOTHING", { rows, part: "training", left });
  if (evaluate.folds > left) throw new AppError("FOLDS_EXCEED_ROWS", { folds: evaluate.folds, rows: left });
  for (const { value, rows } of byClass ?? []) {
    const rowsLeft = kept(rows, test, validation);
    if (rowsLeft < 1)
      throw new AppError("SPLIT_LEAVES_NOTHING", { rows, part: `training of class '${value}'`, left: 0 });
    if (evaluate.folds > rowsLeft)
      throw new AppError("FOLDS_EXCEED_CLASS", { folds: evaluate.folds, value, rows: rowsLeft });
  }
  const clusters = Number(algorithm.params["n_clusters"] ?? 0);
  if (clusters > left) throw new AppError("CLUSTERS_EXCEED_ROWS", { clusters, rows: left });
}

function classCounts({ target, classes }: LabelledTarget): { value: string; rows: number }[] {
  const counts = classes.map((value) => ({ value: String(value), rows: 0 }));
  for (const label of target.labels) counts[label]!.rows++;
  return counts;
}

/** How many of `rows` remain to train on; the rounding of the split. */
function kept(rows: number, test: number, validation: number): number {
  return rows - Math.round(rows * test) - Math.round(rows * validation);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
