/**
 * Whether a fit has learned nothing, so that its model predicts a constant, and why. Such a model is a valid one, and so
 * it is a warning and no failure: only who made it can say whether it was meant.
 * @module
 */
import type { IsolationForestEstimator, KMeansEstimator, Tree } from "@mintmark/ml-core/base/estimator";
import type { Matrix } from "@mintmark/ml-core/base/matrix";
import type { Column } from "@mintmark/ml-core/base/preprocessing";
import type { Rows as PredictorRows } from "@mintmark/ml-core/predict";
import { transformTfidf } from "@mintmark/ml-core/text/tfidf";
import type { AlgorithmConfig, TrainingConfig } from "@mintmark/training-file";
import type { FittedModel } from "../algorithms.ts";
import { predictorRows } from "./evaluate.ts";
import type { Rows } from "./split.ts";

/** The warning; null of a model that tells rows apart. */
export function nothingLearned(
  { algorithm }: Pick<TrainingConfig, "algorithm">,
  fitted: FittedModel,
  training: Rows,
): string | null {
  const why = reasonOf(algorithm, fitted, training);
  return why === null ? null : `learned nothing: predicts a constant, because ${why}`;
}

function reasonOf(algorithm: AlgorithmConfig, fitted: FittedModel, training: Rows): string | null {
  const { estimator } = fitted;
  const rows = `the ${training.count} training rows`;
  // Of the data first: where it says nothing, rounding can leave traces of it in what was learned.
  if (hasIntercept(algorithm)) {
    const { target } = training;
    if (target?.kind === "values" && isConstant(target.values))
      return `the target is ${target.values[0]} in every one of ${rows}`;
    if (estimator.kind !== "text" && training.columns.every(isConstantColumn))
      return `no column differs between ${rows}`;
  }
  switch (estimator.kind) {
    case "linear":
      return estimator.coefficients.every(isZero) ? zeroCoefficients : null;
    case "logistic":
      return estimator.coefficients.data.every(isZero) ? zeroCoefficients : null;
    case "text": {
      if (haveSameWords(estimator.vectorizer, predictorRows(fitted, training)))
        return `${rows} have the same words, as far as terms are kept (min_df, max_features)`;
      return estimator.classifier.coefficients.data.every(isZero) ? zeroCoefficients : null;
    }
    case "trees":
      return estimator.trees.every(isLeaf) ? whyNoSplit(algorithm, matrixOf(fitted, training)) : null;
    case "isolation-forest":
      return whyNoCut(algorithm, estimator, training);
    case "k-means":
      return whyOneCenter(estimator, rows);
    default:
      return estimator satisfies never;
  }
}

const zeroCoefficients = "no column goes along with the target: every coefficient is 0";

/** Without one even constant columns make predictions that follow them. */
function hasIntercept({ params }: AlgorithmConfig): boolean {
  return !("fit_intercept" in params) || params.fit_intercept;
}

function isConstantColumn(column: Column): boolean {
  return column.type === "number"
    ? isConstant(column.values)
    : column.values.every((text) => text === column.values[0]);
}

/** Also where it is missing everywhere. */
function isConstant(values: Float64Array): boolean {
  return values.every((value) => Object.is(value, values[0]));
}

function isZero(value: number): boolean {
  return value === 0;
}

function isLeaf({ feature }: Tree): boolean {
  return feature[0]! < 0;
}

type Vectorizer = Parameters<typeof transformTfidf>[0];

/** Whether all texts are one to the model: the same terms, as often. */
function haveSameWords(vectorizer: Vectorizer, texts: PredictorRows): boolean {
  if ("data" in texts) return false;
  const { starts, columns, values, rows } = transformTfidf(vectorizer, texts);
  const width = starts[1]!;
  for (let row = 1; row < rows; row++) {
    const from = starts[row]!;
    if (starts[row + 1]! - from !== width) return false;
    for (let at = 0; at < width; at++)
      if (columns[from + at] !== columns[at] || values[from + at] !== values[at]) return false;
  }
  return true;
}

function matrixOf(fitted: FittedModel, training: Rows): Matrix {
  const x = predictorRows(fitted, training);
  if (!("data" in x)) throw new TypeError('"training" expected columns of a matrix, got texts');
  return x;
}

function whyNoSplit(algorithm: AlgorithmConfig, x: Matrix): string {
  const columns = sortedColumns(x);
  const rows = `the ${x.rows} training rows`;
  if (!columns.some((column) => leavesSplit(column, 1))) return `no column differs between ${rows} after preprocessing`;
  const tooMany = (name: string, value: number, of = rows) =>
    `${name} ${value} leaves no split of ${of}; make it smaller`;
  if (algorithm.name === "gradient-boosting") {
    const { min_data_in_leaf, bagging_fraction, min_gain_to_split, min_sum_hessian_in_leaf } = algorithm.params;
    const drawn = Math.ceil(bagging_fraction * x.rows);
    if (drawn < 2 * min_data_in_leaf)
      return tooMany(
        "min_data_in_leaf",
        min_data_in_leaf,
        drawn < x.rows ? `the ${drawn} rows that bagging_fraction ${bagging_fraction} draws of ${rows}` : rows,
      );
    if (!columns.some((column) => leavesSplit(column, min_data_in_leaf)))
      return tooMany("min_data_in_leaf", min_data_in_leaf);
    return `no split of ${rows} gains more than min_gain_to_split ${min_gain_to_split} with min_data_in_leaf ${min_data_in_leaf} and min_sum_hessian_in_leaf ${min_sum_hessian_in_leaf} on both sides`;
  }
  const { min_samples_leaf = 1, min_samples_split = 2 } = algorithm.params as Partial<Record<string, number>>;
  if (x.rows < min_samples_split) return tooMany("min_samples_split", min_samples_split);
  if (!columns.some((column) => leavesSplit(column, min_samples_leaf)))
    return tooMany("min_samples_leaf", min_samples_leaf);
  return `no split of ${rows} that was looked at tells the target apart with min_samples_split ${min_samples_split} and min_samples_leaf ${min_samples_leaf}`;
}

/** Each column by itself, in ascending order. */
function sortedColumns({ data, rows, cols }: Matrix): Float64Array[] {
  return Array.from({ length: cols }, (_, col) =>
    Float64Array.from({ length: rows }, (_, row) => data[row * cols + col]! + 0).sort(),
  );
}

/** Whether a column in ascending order has a cut with at least so many rows on both sides. */
function leavesSplit(sorted: Float64Array, least: number): boolean {
  return sorted.length >= 2 * least && sorted[least - 1] !== sorted[sorted.length - least];
}

function whyNoCut(algorithm: AlgorithmConfig, { trees }: IsolationForestEstimator, { count }: Rows): string | null {
  if (!trees.every(isLeaf)) return null;
  const { max_samples } = algorithm.params as { readonly max_samples?: number | "auto" };
  return `no column differs between the rows that a tree sees (max_samples ${max_samples} of ${count} training rows)`;
}

function whyOneCenter({ centers: { data, rows: clusters, cols } }: KMeansEstimator, rows: string): string | null {
  if (clusters === 1) return "n_clusters is 1";
  if (!data.every((value, at) => value === data[at % cols])) return null;
  return `the ${clusters} centers are the same point: ${rows} do not differ`;
}
