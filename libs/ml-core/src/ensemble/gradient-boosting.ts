/**
 * Gradient boosting of leaf-wise trees on histograms.
 *
 * Source: Friedman 2001, doi:10.1214/aos/1013203451; Ke et al. (LightGBM), NIPS 2017, whose names and meanings the
 * parameters have. Two classes: one logistic score; more: softmax, one tree a class and iteration; values: squared error.
 * Cost: O(rows · columns) a level of each tree, after cutting each column into bins once.
 * Deterministic: sums of gradients are whole numbers, so they are exact; iteration i draws from `split(key, i)` only.
 * @module
 */
import { ArgumentError } from "../base/argument-error.ts";
import { requireInteger, requireNumber } from "../base/check.ts";
import type { TreeEstimator } from "../base/estimator.ts";
import { completeIteration, type FitPort, silentPort } from "../base/fit-port.ts";
import type { GrownTree } from "../base/grown-tree.ts";
import type { Matrix } from "../base/matrix.ts";
import { type RngKey, split } from "../base/rng.ts";
import type { Target } from "../base/target.ts";
import { requireClasses, requireValues } from "../base/training-data.ts";
import { BINS_MAX, binColumns } from "../tree/bins.ts";
import { drawDistinct } from "../tree/draw.ts";
import { placeOnGrid } from "../tree/grid.ts";
import { type LeafwiseLimits, leafwiseGrower } from "../tree/grow-leafwise.ts";
import { importanceOf } from "../tree/importance.ts";
import { findLeaf } from "../tree/predict-trees.ts";
import { type BoostingLoss, lossOf } from "./boosting-loss.ts";

export interface GradientBoostingParams {
  /** How many iterations. @default 100 */
  readonly n_estimators?: number;
  /** How far each tree goes, in (0, 1]. @default 0.1 */
  readonly learning_rate?: number;
  /** Leaves of a tree, at most. @default 31 */
  readonly num_leaves?: number;
  /** Longest path from the root; −1 or null: no limit. @default -1 */
  readonly max_depth?: number | null;
  /** Bins of a column, at most; 2..256. @default 255 */
  readonly max_bin?: number;
  /** Rows in a leaf, at least. @default 20 */
  readonly min_data_in_leaf?: number;
  /** Sum of curvatures in a leaf, at least. @default 0.001 */
  readonly min_sum_hessian_in_leaf?: number;
  /** Added to the curvature of each leaf: pulls its value towards 0. @default 0 */
  readonly lambda_l2?: number;
  /** Splits that gain no more are not made. @default 0 */
  readonly min_gain_to_split?: number;
  /** Share of the columns, drawn for each tree, in which splits are searched; in (0, 1]. @default 1 */
  readonly feature_fraction?: number;
  /** Share of the rows, drawn without replacement for each iteration, from which it learns; in (0, 1]. @default 1 */
  readonly bagging_fraction?: number;
}

const defaults = {
  n_estimators: 100,
  learning_rate: 0.1,
  num_leaves: 31,
  max_depth: -1,
  max_bin: 255,
  min_data_in_leaf: 20,
  min_sum_hessian_in_leaf: 1e-3,
  lambda_l2: 0,
  min_gain_to_split: 0,
  feature_fraction: 1,
  bagging_fraction: 1,
} satisfies Required<GradientBoostingParams>;

/**
 * The port hears the mean training loss after each iteration: log loss, or half the squared error.
 * @throws ArgumentError if a param is out of its range, or `x` or `y` is not something to learn from.
 */
export function fitGradientBoosting(
  x: Matrix,
  y: Target,
  params: GradientBoostingParams,
  key: RngKey,
  port: FitPort = silentPort,
): TreeEstimator {
  const chosen = { ...defaults, ...params };
  requireParams(chosen);
  if (y.kind === "classes") requireClasses(x, y);
  else requireValues(x, y);

  const loss = lossOf(y);
  const grown = boost(x, loss, chosen, key, port);
  return {
    kind: "trees",
    trees: placeOnGrid(
      grown.map(({ tree }) => tree),
      loss.outputs,
    ),
    outputs: loss.outputs,
    scale: 1,
    base: Float64Array.from(loss.base),
    link: loss.link,
    classes: y.kind === "classes" ? y.classes : 0,
    importance: importanceOf(grown.map(({ gain }) => gain)),
  };
}

type Params = Required<GradientBoostingParams>;

function boost(
  x: Matrix,
  { outputs, stepMax, derive }: BoostingLoss,
  params: Params,
  key: RngKey,
  port: FitPort,
): GrownTree[] {
  const { rows, cols } = x;
  const grower = leafwiseGrower(binColumns(x, params.max_bin), limitsOf(params, stepMax));
  const sums = new Float64Array(rows * outputs);
  const gradients = new Float64Array(rows * outputs);
  const curvatures = new Float64Array(rows * outputs);
  const of = (values: Float64Array, output: number) => values.subarray(output * rows, (output + 1) * rows);

  const { trees, iterations } = port.checkpoints?.resumeFrom ?? { trees: [], iterations: 0 };
  const grown: GrownTree[] = [...trees];
  addLeaves(grown, x, sums);
  derive(sums, gradients, curvatures);
  for (let i = iterations; i < params.n_estimators; i++) {
    const iterationKey = split(key, i);
    const inBag = drawBag(rows, params.bagging_fraction, split(iterationKey, outputs));
    for (let k = 0; k < outputs; k++) {
      const features = drawFeatures(cols, params.feature_fraction, split(iterationKey, k));
      const sample = { gradients: of(gradients, k), curvatures: of(curvatures, k), inBag, features };
      grown.push(grower.grow(sample, k, of(sums, k)));
    }
    const loss = derive(sums, gradients, curvatures);
    completeIteration(port, grown, { done: i + 1, of: params.n_estimators, loss });
  }
  return grown;
}

/**
 * Adds to the sums what growing the trees had added, in the same order and so to the same last bit: a row's leaf by
 * bins is its leaf by thresholds.
 */
function addLeaves(grown: readonly GrownTree[], x: Matrix, outSums: Float64Array): void {
  for (const { tree } of grown)
    for (let row = 0; row < x.rows; row++)
      outSums[tree.output * x.rows + row]! += tree.value[findLeaf(tree, x.data, row * x.cols)]!;
}

function drawBag(rows: number, fraction: number, key: RngKey): Uint8Array | null {
  if (fraction === 1) return null;
  const inBag = new Uint8Array(rows);
  for (const row of drawDistinct(rows, Math.ceil(fraction * rows), key)) inBag[row] = 1;
  return inBag;
}

/** Ascending, so that ties go to the lowest column also where some are left out. */
function drawFeatures(cols: number, fraction: number, key: RngKey): Uint32Array {
  const count = Math.ceil(fraction * cols);
  return count === cols ? Uint32Array.from({ length: cols }, (_, j) => j) : drawDistinct(cols, count, key).sort();
}

function limitsOf(params: Params, stepMax: number): LeafwiseLimits {
  const { max_depth } = params;
  return {
    leaves: params.num_leaves,
    depth: max_depth === null || max_depth === -1 ? Infinity : max_depth,
    rowsInLeaf: params.min_data_in_leaf,
    curvatureInLeaf: params.min_sum_hessian_in_leaf,
    lambda: params.lambda_l2,
    gainMin: params.min_gain_to_split,
    stepMax,
    learningRate: params.learning_rate,
  };
}

function requireParams(params: Params): void {
  requireInteger("n_estimators", params.n_estimators, 1);
  requireShare("learning_rate", params.learning_rate);
  requireInteger("num_leaves", params.num_leaves, 2);
  if (params.max_depth !== null && params.max_depth !== -1) requireInteger("max_depth", params.max_depth, 1);
  requireInteger("max_bin", params.max_bin, 2, BINS_MAX);
  requireInteger("min_data_in_leaf", params.min_data_in_leaf, 1);
  requireNumber("min_sum_hessian_in_leaf", params.min_sum_hessian_in_leaf, 0);
  requireNumber("lambda_l2", params.lambda_l2, 0);
  requireNumber("min_gain_to_split", params.min_gain_to_split, 0);
  requireShare("feature_fraction", params.feature_fraction);
  requireShare("bagging_fraction", params.bagging_fraction);
}

function requireShare(name: string, value: number): void {
  if (!(value > 0 && value <= 1)) throw new ArgumentError(`"${name}" expected a number in (0, 1], got ${value}`);
}
