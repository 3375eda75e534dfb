/**
 * Log loss: the mean of −log p(true class).
 * @module
 */
import type { Matrix } from "../base/matrix.ts";
import type { Metric } from "./report.ts";

/** Probabilities below 2⁻⁵² count as that, as in scikit-learn: one confident mistake must not make it infinite. */
export function logLoss(truth: Int32Array, probabilities: Matrix): Metric {
  if (truth.length === 0) return { reason: "there are no rows" };
  let sum = 0;
  for (let i = 0; i < truth.length; i++) {
    const own = probabilities.data[i * probabilities.cols + truth[i]!]!;
    sum -= Math.log(Math.min(Math.max(own, Number.EPSILON), 1 - Number.EPSILON));
  }
  return sum / truth.length;
}
