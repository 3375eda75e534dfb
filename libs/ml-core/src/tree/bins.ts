/**
 * Features cut into a few bins, so that a split is searched among bins and not among rows.
 *
 * A column of at most `bins` different values has a bin for each; otherwise bins are filled to about the same number of
 * rows, and no value is in two. Missing values, where they count as the largest, always have the last bin for themselves.
 * Cost: O(rows · log rows) a column.
 * @module
 */
import type { Matrix } from "../base/matrix.ts";
import { countBelow, type Distinct, distinct, MISSING_AS_LARGEST, thresholdBetween, treeColumns } from "./columns.ts";

export interface BinnedColumns {
  readonly rows: number;
  readonly cols: number;
  /** rows × cols, row-major: the bin of each value within its column. */
  readonly bins: Uint8Array;
  /** Per column; x is in bin b if `thresholds[b − 1] < x <= thresholds[b]`. One fewer than bins. */
  readonly thresholds: readonly Float64Array[];
}

/** The most bins that a byte can number. */
export const BINS_MAX = 256;

/** @param bins at most so many a column, 2..BINS_MAX */
export function binColumns(x: Matrix, bins: number): BinnedColumns {
  const columns = treeColumns(x);
  const thresholds = columns.map((column) => cutIntoBins(distinct(column), bins));
  const binned = new Uint8Array(x.rows * x.cols);
  columns.forEach((column, j) => {
    for (let row = 0; row < x.rows; row++) binned[row * x.cols + j] = countBelow(thresholds[j]!, column[row]!);
  });
  return { rows: x.rows, cols: x.cols, bins: binned, thresholds };
}

/** The thresholds between bins. */
function cutIntoBins({ values, counts }: Distinct, bins: number): Float64Array {
  const between = (i: number) => thresholdBetween(values[i]!, values[i + 1]!);
  const last = values.length - 1;
  if (last < bins) return Float64Array.from({ length: last }, (_, i) => between(i));
  if (values[last] !== MISSING_AS_LARGEST) return Float64Array.from(evenCuts(counts, bins), between);
  return Float64Array.from([...evenCuts(counts.subarray(0, last), bins - 1), last - 1], between);
}

/** The positions of values that end a bin: each fills it to its share of the rows that were left. */
function evenCuts(counts: Uint32Array, bins: number): number[] {
  const cuts: number[] = [];
  let rowsLeft = counts.reduce((a, b) => a + b, 0);
  let filled = 0;
  for (let i = 0; i + 1 < counts.length && cuts.length + 1 < bins; i++) {
    filled += counts[i]!;
    if (filled * (bins - cuts.length) < rowsLeft) continue;
    cuts.push(i);
    rowsLeft -= filled;
    filled = 0;
  }
  return cuts;
}
