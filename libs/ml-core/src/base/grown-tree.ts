/**
 * Trees between growing and the estimator: their values still as they were computed.
 * @module
 */
import type { Tree } from "./estimator.ts";

export interface ExactTree extends Omit<Tree, "value"> {
  readonly value: Float64Array;
}

/** A complete tree of an ensemble. */
export interface GrownTree {
  readonly tree: ExactTree;
  /** For each column, what its splits gained. */
  readonly gain: Float64Array;
}
