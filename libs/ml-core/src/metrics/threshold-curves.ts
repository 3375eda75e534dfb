/**
 * What a binary classifier does at every threshold of its score: the ROC curve and the precision–recall curve.
 *
 * Source: Fawcett 2006, doi:10.1016/j.patrec.2005.10.010 (algorithm 1); rows of one score change sides together.
 * O(rows · log rows).
 * @module
 */
import { requireSameLength } from "./report.ts";

/** One threshold: rows whose score is at least as high count as positive. */
export interface ThresholdPoint {
  /** +∞ at the first point, where no row counts as positive. */
  readonly threshold: number;
  /** Of the positive rows, the share found: recall. */
  readonly truePositiveRate: number;
  /** Of the negative rows, the share taken for positive. */
  readonly falsePositiveRate: number;
  /** Of the rows taken for positive, the share that is; 1 where there are none. */
  readonly precision: number;
}

/**
 * A point for each distinct score, from the highest threshold down; undefined unless both classes occur.
 * @param scores length of `truth`; higher means more likely to be of `positive`
 */
export function thresholdCurve(
  truth: Int32Array,
  scores: Float64Array,
  positive: number,
): readonly ThresholdPoint[] | undefined {
  requireSameLength("scores", scores.length, truth.length);
  const positives = truth.reduce((count, label) => count + (label === positive ? 1 : 0), 0);
  const negatives = truth.length - positives;
  if (positives === 0 || negatives === 0) return undefined;

  const order = Uint32Array.from(scores, (_, row) => row).sort((a, b) => scores[b]! - scores[a]!);
  const points: ThresholdPoint[] = [
    { threshold: Number.POSITIVE_INFINITY, truePositiveRate: 0, falsePositiveRate: 0, precision: 1 },
  ];
  let found = 0;
  for (let at = 0; at < order.length; at++) {
    const threshold = scores[order[at]!]!;
    if (truth[order[at]!] === positive) found += 1;
    if (at + 1 < order.length && scores[order[at + 1]!] === threshold) continue;
    const taken = at + 1;
    points.push({
      threshold,
      truePositiveRate: found / positives,
      falsePositiveRate: (taken - found) / negatives,
      precision: found / taken,
    });
  }
  return points;
}
