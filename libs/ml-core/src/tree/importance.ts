/**
 * Feature importance by gain: the impurity that the splits of a column remove from the training data.
 * @module
 */

/** What each column contributed in all trees together, summing to 1, or to 0 if there is no split. */
export function importanceOf(gains: readonly Float64Array[]): Float64Array {
  const total = new Float64Array(gains[0]!.length);
  for (const gain of gains) for (let j = 0; j < total.length; j++) total[j]! += gain[j]!;
  return normalized(total);
}

/** Scaled to sum to 1; all 0 if nothing was gained. */
export function normalized(gain: Float64Array): Float64Array {
  // A split of a parity removes nothing, which rounding may make less than nothing.
  const kept = gain.map((value) => Math.max(0, value));
  const sum = kept.reduce((a, b) => a + b, 0);
  return sum > 0 ? kept.map((value) => value / sum) : kept;
}
