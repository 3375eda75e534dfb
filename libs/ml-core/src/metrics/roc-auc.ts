/**
 * Area under the ROC curve: the probability that a row of the class scores higher than one of another, ties counting half.
 *
 * Source: Hanley & McNeil 1982 (its equality with the Mann–Whitney statistic); O(rows · log rows).
 * @module
 */
import type { Matrix } from "../base/matrix.ts";
import type { Metric } from "./report.ts";

/**
 * For one class against all others.
 * @param scores length of `truth`; higher means more likely to be of `positive`
 */
export function rocAuc(truth: Int32Array, scores: Float64Array, positive: number): Metric {
  const positives = truth.reduce((count, label) => count + (label === positive ? 1 : 0), 0);
  const negatives = truth.length - positives;
  if (positives === 0 || negatives === 0) return { reason: "only one class in these rows" };

  const order = Uint32Array.from(scores, (_, row) => row).sort((a, b) => scores[a]! - scores[b]!);
  let rankSum = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    let own = 0;
    while (to < order.length && scores[order[to]!] === scores[order[from]!]) {
      if (truth[order[to]!] === positive) own += 1;
      to += 1;
    }
    // Tied rows share the mean of the ranks from + 1 … to.
    rankSum += own * ((from + 1 + to) / 2);
    from = to;
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Mean of the areas of each class against all others; undefined unless every class occurs. */
export function rocAucOneVsRest(truth: Int32Array, probabilities: Matrix): Metric {
  let sum = 0;
  for (let label = 0; label < probabilities.cols; label++) {
    const scores = Float64Array.from(
      { length: probabilities.rows },
      (_, i) => probabilities.data[i * probabilities.cols + label]!,
    );
    const area = rocAuc(truth, scores, label);
    if (typeof area !== "number") return { reason: "not every class occurs in these rows" };
    sum += area;
  }
  return sum / probabilities.cols;
}
