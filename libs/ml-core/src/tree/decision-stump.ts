/**
 * A decision tree of one split: the plainest model that learns at all.
 *
 * Source: Iba & Langley 1992, doi:10.1016/B978-1-55860-247-2.50035-8.
 * @module
 */
import type { TreeEstimator } from "../base/estimator.ts";
import type { FitPort } from "../base/fit-port.ts";
import type { Matrix } from "../base/matrix.ts";
import type { RngKey } from "../base/rng.ts";
import type { Target } from "../base/target.ts";
import { type DecisionTreeParams, fitDecisionTree } from "./decision-tree.ts";

export type DecisionStumpParams = Pick<DecisionTreeParams, "criterion" | "min_samples_leaf">;

/** As `fitDecisionTree` with `max_depth` 1. */
export function fitDecisionStump(
  x: Matrix,
  y: Target,
  params: DecisionStumpParams,
  key: RngKey,
  port?: FitPort,
): TreeEstimator {
  return fitDecisionTree(x, y, { ...params, max_depth: 1 }, key, port);
}
