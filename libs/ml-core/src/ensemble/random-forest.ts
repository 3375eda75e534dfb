/**
 * Random forest: decision trees on bootstrap samples, each split searched in a few random columns, averaged.
 *
 * Source: Breiman 2001, doi:10.1023/A:1010933404324; parameters and their meaning are scikit-learn's. A class
 * probability is the mean of the class fractions in the leaves.
 * Cost: `n_estimators` times a decision tree, after sorting each column once.
 * Deterministic: tree t depends on the data, the params and `split(key, t)` only.
 * @module
 */
import { requireInteger } from "../base/check.ts";
import type { TreeEstimator } from "../base/estimator.ts";
import { completeIteration, type FitPort, silentPort } from "../base/fit-port.ts";
import type { GrownTree } from "../base/grown-tree.ts";
import type { Matrix } from "../base/matrix.ts";
import { type RngKey, split, uniform } from "../base/rng.ts";
import type { Target } from "../base/target.ts";
import { averageOf, type DecisionTreeParams, goalOf, limitsOf } from "../tree/decision-tree.ts";
import { growTree, rankColumns } from "../tree/grow.ts";

export interface RandomForestParams extends Omit<DecisionTreeParams, "max_features"> {
  /** How many trees. @default 100 */
  readonly n_estimators?: number;
  /** As in a decision tree. @default "sqrt" for classes, 1 (all columns) for values */
  readonly max_features?: DecisionTreeParams["max_features"];
  /** Whether each tree sees rows drawn with replacement, as many as there are; else it sees all. @default true */
  readonly bootstrap?: boolean;
}

/** @throws ArgumentError if a param is out of its range, or `x` or `y` is not something to learn from. */
export function fitRandomForest(
  x: Matrix,
  y: Target,
  params: RandomForestParams,
  key: RngKey,
  port: FitPort = silentPort,
): TreeEstimator {
  const { n_estimators = 100, bootstrap = true } = params;
  requireInteger("n_estimators", n_estimators, 1);
  const max_features = params.max_features === undefined && y.kind === "classes" ? "sqrt" : params.max_features;
  const limits = limitsOf({ ...params, max_features: max_features ?? null }, x.cols);
  const goal = goalOf(x, y, params.criterion);
  const ranked = rankColumns(x);

  const grown: GrownTree[] = [...(port.checkpoints?.resumeFrom?.trees ?? [])];
  for (let t = grown.length; t < n_estimators; t++) {
    const treeKey = split(key, t);
    const weight = bootstrap ? drawBootstrap(x.rows, split(treeKey, 0)) : new Int32Array(x.rows).fill(1);
    grown.push(growTree(ranked, goal, weight, limits, split(treeKey, 1)));
    completeIteration(port, grown, { done: t + 1, of: n_estimators });
  }
  return averageOf(grown, y);
}

/** How often each row is drawn in as many draws with replacement as there are rows. */
function drawBootstrap(rows: number, key: RngKey): Int32Array {
  const weight = new Int32Array(rows);
  for (let i = 0; i < rows; i++) weight[Math.floor(uniform(key, i) * rows)]!++;
  return weight;
}
