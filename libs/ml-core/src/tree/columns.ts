/**
 * Features as trees see them: in double, column by column. A threshold lies between two values of the training rows, and
 * comparisons are exact, so a row ends in the same leaf in every runtime.
 * @module
 */
import { ArgumentError } from "../base/argument-error.ts";
import type { Matrix } from "../base/matrix.ts";

/** The largest size of a value: two of them have a middle, and there is room above for what stands in for missing ones. */
export const TREE_VALUE_MAX = 2 ** 1000;

/** Stands in for a missing number: beyond every value, so that a tree can cut off the rows where one is missing. */
export const MISSING_AS_LARGEST = 2 ** 1001;

/**
 * The columns of `x`; −0 becomes 0.
 * @param x finite
 * @throws ArgumentError naming row and column of the first value above TREE_VALUE_MAX in size that is not MISSING_AS_LARGEST.
 */
export function treeColumns(x: Matrix): Float64Array[] {
  const columns = Array.from({ length: x.cols }, () => new Float64Array(x.rows));
  for (let row = 0, at = 0; row < x.rows; row++)
    for (let col = 0; col < x.cols; col++, at++) {
      const value = x.data[at]! + 0;
      if (Math.abs(value) > TREE_VALUE_MAX && value !== MISSING_AS_LARGEST)
        throw new ArgumentError(
          `"x" expected values up to 2^1000 (1.07e301) in size, got ${value} at row ${row}, column ${col}; scale the column`,
        );
      columns[col]![row] = value;
    }
  return columns;
}

/** The different values of a column, ascending, and how many rows have each. */
export interface Distinct {
  readonly values: Float64Array;
  readonly counts: Uint32Array;
}

export function distinct(column: Float64Array): Distinct {
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
export function countBelow(cuts: Float64Array, value: number): number {
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (cuts[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The threshold t between neighbours a < b: their middle, and a <= t < b also where the middle rounds to b.
 * @param a and b at most 2^1022 in size, so that their sum is finite
 */
export function thresholdBetween(a: number, b: number): number {
  const middle = (a + b) / 2;
  return middle >= b ? a : middle;
}
