/**
 * One classification or regression tree (CART).
 *
 * Source: Breiman, Friedman, Olshen & Stone 1984; parameters and their meaning are scikit-learn's.
 * Cost: O(rows · columns) a level of the tree, after sorting each column once.
 * Deterministic: the same data, params and key give bit-identical trees; without `max_features` the key is not used.
 * @module
 */
import { ArgumentError } from "../base/argument-error.ts";
import { requireInteger, requireOneOf } from "../base/check.ts";
import type { TreeEstimator } from "../base/estimator.ts";
import { type FitPort, silentPort } from "../base/fit-port.ts";
import type { GrownTree } from "../base/grown-tree.ts";
import type { Matrix } from "../base/matrix.ts";
import type { RngKey } from "../base/rng.ts";
import type { Target } from "../base/target.ts";
import { requireClasses, requireValues } from "../base/training-data.ts";
import { centred, meanOf } from "./centred.ts";
import { placeOnGrid } from "./grid.ts";
import { type Goal, growTree, type Limits, rankColumns } from "./grow.ts";
import { importanceOf, normalized } from "./importance.ts";

export interface DecisionTreeParams {
  /** @default "gini" for classes; "squared_error" for values, which know no other. */
  readonly criterion?: "gini" | "entropy" | "log_loss" | "squared_error";
  /** Longest path from the root. @default null: no limit */
  readonly max_depth?: number | null;
  /** Nodes of fewer rows stay leaves. @default 2 */
  readonly min_samples_split?: number;
  /** Splits that leave fewer rows on a side are not made. @default 1 */
  readonly min_samples_leaf?: number;
  /**
   * How many columns, drawn in each node, a split is searched in: a fraction in (0, 1], a whole number from 2 on, or the
   * root or binary logarithm of their number. @default null: all
   */
  readonly max_features?: number | "sqrt" | "log2" | null;
  /** If set, the leaf whose split removes most impurity is split first. @default null: no limit */
  readonly max_leaf_nodes?: number | null;
}

/** @throws ArgumentError if a param is out of its range, or `x` or `y` is not something to learn from. */
export function fitDecisionTree(
  x: Matrix,
  y: Target,
  params: DecisionTreeParams,
  key: RngKey,
  port: FitPort = silentPort,
): TreeEstimator {
  const limits = limitsOf(params, x.cols);
  const goal = goalOf(x, y, params.criterion);
  const grown = growTree(rankColumns(x), goal, new Int32Array(x.rows).fill(1), limits, key);
  port.iteration(1, 1);
  return averageOf([grown], y);
}

/** The params in the terms of the growth. */
export function limitsOf(params: DecisionTreeParams, cols: number): Limits {
  const { max_depth = null, min_samples_split = 2, min_samples_leaf = 1, max_leaf_nodes = null } = params;
  if (max_depth !== null) requireInteger("max_depth", max_depth, 1);
  requireInteger("min_samples_split", min_samples_split, 2);
  requireInteger("min_samples_leaf", min_samples_leaf, 1);
  if (max_leaf_nodes !== null) requireInteger("max_leaf_nodes", max_leaf_nodes, 2);
  return {
    depth: max_depth ?? Infinity,
    rowsToSplit: min_samples_split,
    rowsInLeaf: min_samples_leaf,
    leaves: max_leaf_nodes ?? Infinity,
    searched: searchedColumns(params.max_features ?? null, cols),
  };
}

function searchedColumns(max: number | "sqrt" | "log2" | null, cols: number): number {
  if (max === null) return cols;
  if (max === "sqrt") return Math.max(1, Math.floor(Math.sqrt(cols)));
  if (max === "log2") return Math.max(1, Math.floor(Math.log2(cols)));
  if (typeof max === "number" && max > 0 && max <= 1) return Math.max(1, Math.floor(max * cols));
  if (typeof max === "number" && Number.isInteger(max) && max >= 2 && max <= cols) return max;
  throw new ArgumentError(
    `"max_features" expected a fraction in (0, 1], an integer in 2..${cols} (columns), "sqrt" or "log2", got ${max}`,
  );
}

/** What to learn, checked: classes as indicators, values less their mean, which the estimator adds again at the end. */
export function goalOf(x: Matrix, y: Target, criterion?: DecisionTreeParams["criterion"]): Goal {
  if (y.kind === "classes") {
    requireClasses(x, y);
    requireOneOf("criterion", criterion ?? "gini", ["gini", "entropy", "log_loss"]);
    return {
      width: y.classes,
      component: y.labels,
      amount: new Float64Array(x.rows).fill(1),
      criterion: criterion === undefined || criterion === "gini" ? "squares" : "entropy",
    };
  }
  requireValues(x, y);
  requireOneOf("criterion", criterion ?? "squared_error", ["squared_error"]);
  return { width: 1, component: new Int32Array(x.rows), amount: centred(y.values), criterion: "squares" };
}

/** The estimator that averages the trees, which learned `goalOf(x, y)`. */
export function averageOf(grown: readonly GrownTree[], y: Target): TreeEstimator {
  const outputs = y.kind === "classes" ? y.classes : 1;
  const trees = grown.map(({ tree }) => tree);
  return {
    kind: "trees",
    trees: placeOnGrid(trees, outputs),
    outputs,
    scale: 1 / trees.length,
    base: y.kind === "classes" ? new Float64Array(outputs) : Float64Array.of(meanOf(y.values)),
    link: y.kind === "classes" ? "probability" : "identity",
    classes: y.kind === "classes" ? outputs : 0,
    importance: importanceOf(grown.map(({ gain }) => normalized(gain))),
  };
}
