/**
 * What an iterative fit gives back beside the estimator.
 * @module
 */
import type { Estimator } from "./estimator.ts";

/** Not converging is no failure: the estimator is usable, and the caller decides what to say. */
export interface Fit<E extends Estimator> {
  readonly estimator: E;
  /** How many were made; 0 for a direct solution. */
  readonly iterations: number;
  /** False if the allowed iterations ran out first. */
  readonly converged: boolean;
  /** What the fit minimised, at the end; each fit says what that is. */
  readonly loss: number;
}
