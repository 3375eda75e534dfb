/**
 * Predicting with trees, by the rules that every runtime of ours and ONNX's TreeEnsemble share, all in double: left if
 * x <= threshold, else (also NaN) right; leaves added up; one multiplication, one addition.
 * @module
 */
import { ArgumentError } from "../base/argument-error.ts";
import type { IsolationForestEstimator, Tree, TreeEstimator } from "../base/estimator.ts";
import { exp2 } from "../base/exp.ts";
import { logistic, softmax } from "../base/link.ts";
import { type Matrix, matrix } from "../base/matrix.ts";

/**
 * Class probabilities, one row a row of `x`, or one value each, as the estimator's `classes` says.
 * @param x NaN means missing
 * @throws ArgumentError if `x` has not the columns of the training data
 */
export function predictTrees(estimator: TreeEstimator, x: Matrix): TreePrediction {
  requireColumns(x, estimator.importance.length);
  const { outputs, scale, base } = estimator;
  const scores = sumTrees(estimator.trees, outputs, x).map((sum, at) => sum * scale + base[at % outputs]!);
  if (estimator.link === "identity") return { kind: "values", values: scores };
  if (estimator.link === "logistic") return { kind: "probabilities", probabilities: twoClasses(scores) };
  if (estimator.link === "softmax") for (let at = 0; at < scores.length; at += outputs) softmax(scores, at, outputs);
  return { kind: "probabilities", probabilities: matrix(scores, x.rows, outputs) };
}

export type TreePrediction =
  | { readonly kind: "probabilities"; readonly probabilities: Matrix }
  | { readonly kind: "values"; readonly values: Float64Array };

/**
 * 2·(0.5 − s) for each row, s = 2^(−E[path] / c) being the paper's score: −1 to 1, lower is more anomalous. The mean path
 * is the sum times 1 / trees.
 */
export function anomalyScores({ trees, normalizer }: IsolationForestEstimator, x: Matrix): Float64Array {
  const lastColumn = trees.reduce(
    (most, { feature }) => feature.reduce((most, column) => Math.max(most, column), most),
    0,
  );
  requireColumns(x, 1 + lastColumn, "at least ");
  const scale = 1 / trees.length;
  return sumTrees(trees, 1, x).map((sum) => 2 * (0.5 - exp2(-((sum * scale) / normalizer))));
}

/**
 * For each row of `x` and each output, the leaf of each tree added up: rows × outputs. Leaves are on a grid on which sums
 * are exact, so the order of the trees does not matter.
 */
export function sumTrees(trees: readonly Tree[], outputs: number, x: Matrix): Float64Array {
  const sums = new Float64Array(x.rows * outputs);
  // Tree by tree, so that one tree at a time is in the nearest memory.
  for (const tree of trees)
    if (tree.output >= 0) addOne(tree, x, sums, outputs);
    else addAll(tree, x, sums, outputs);
  return sums;
}

/** The node in which the row that starts at `features[at]` ends. */
export function findLeaf(
  { feature, threshold, left, right }: Omit<Tree, "value">,
  features: Float64Array,
  at: number,
): number {
  let node = 0;
  while (feature[node]! >= 0) node = features[at + feature[node]!]! <= threshold[node]! ? left[node]! : right[node]!;
  return node;
}

function addOne(tree: Tree, { data, cols }: Matrix, outSums: Float64Array, outputs: number): void {
  for (let at = 0, out = tree.output; out < outSums.length; at += cols, out += outputs)
    outSums[out]! += tree.value[findLeaf(tree, data, at)]!;
}

function addAll(tree: Tree, { data, cols }: Matrix, outSums: Float64Array, outputs: number): void {
  for (let at = 0, out = 0; out < outSums.length; at += cols, out += outputs) {
    const leaf = findLeaf(tree, data, at) * outputs;
    for (let k = 0; k < outputs; k++) outSums[out + k]! += tree.value[leaf + k]!;
  }
}

function twoClasses(scores: Float64Array): Matrix {
  const probabilities = new Float64Array(2 * scores.length);
  scores.forEach((score, row) => {
    logistic(score, probabilities, 2 * row);
  });
  return matrix(probabilities, scores.length, 2);
}

function requireColumns(x: Matrix, cols: number, least = ""): void {
  if (least === "" ? x.cols !== cols : x.cols < cols)
    throw new ArgumentError(`"x" expected ${least}${cols} columns, as in training, got ${x.cols}`);
}
