/**
 * Trees between growing and the estimator.
 * @module
 */
import type { Tree } from "./estimator.ts";

/** A complete tree of an ensemble. */
export interface GrownTree {
  /** Its leaf values are still as they were computed, on no grid. */
  readonly tree: Tree;
  /** For each column, what its splits gained. */
  readonly gain: Float64Array;
}
