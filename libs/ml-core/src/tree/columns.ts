/**
 * Features as trees see them: rounded to float32 before anything else, column by column. A tree that is fitted on
 * rounded features and cuts between them in float32 gives the same leaf in every runtime that compares in float32.
 * @module
 */
import type { Matrix } from "../base/matrix.ts";

/**
 * The columns of `x` in float32; −0 becomes 0.
 * @param x finite
 * @throws RangeError naming row and column of the first value beyond the range of float32.
 */
export function float32Columns(x: Matrix): Float32Array[] {
  const columns = Array.from({ length: x.cols }, () => new Float32Array(x.rows));
  for (let row = 0, at = 0; row < x.rows; row++)
    for (let col = 0; col < x.cols; col++, at++) {
      const value = Math.fround(x.data[at]!) + 0;
      if (!Number.isFinite(value))
        throw new RangeError(
          `"x" expected values in the range of float32 (below 3.4e38), got ${x.data[at]} at row ${row}, column ${col}; scale the column`,
        );
      columns[col]![row] = value;
    }
  return columns;
}

/** The different values of a column, ascending, and how many rows have each. */
export interface Distinct {
  readonly values: Float32Array;
  readonly counts: Uint32Array;
}

export function distinct(column: Float32Array): Distinct {
  const sorted = column.slice().sort();
  const counts = new Uint32Array(sorted.length);
  let last = -1;
  for (const value of sorted) {
    if (last < 0 || value !== sorted[last]) sorted[++last] = value;
    counts[last]!++;
  }
  return { values: sorted.slice(0, last + 1), counts: counts.slice(0, last + 1) };
}

/** How many of the ascending `cuts` are below `value`: its rank among values, its bin among thresholds. */
export function countBelow(cuts: Float32Array, value: number): number {
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (cuts[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The float32 threshold t between neighbours a < b: near their middle, and a <= t < b also where the middle rounds to b. */
export function thresholdBetween(a: number, b: number): number {
  const middle = Math.fround(a / 2 + b / 2);
  return middle < a || middle >= b ? a : middle;
}
