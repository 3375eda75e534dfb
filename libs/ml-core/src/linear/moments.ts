/**
 * Means and spreads of columns, and centred copies: what makes the linear solvers indifferent to units.
 * @module
 */
import { ArgumentError } from "../base/argument-error.ts";
import type { Matrix } from "../base/matrix.ts";

/**
 * Mean of each column, exact to a few roundings: the mean of what a first mean leaves over is added to it.
 * @throws ArgumentError naming the first column whose sum overflows.
 */
export function columnMeans(x: Matrix): Float64Array {
  const means = meansAround(x, new Float64Array(x.cols));
  requireNoOverflow(means);
  const rest = meansAround(x, means);
  return means.map((mean, j) => mean + rest[j]!);
}

/**
 * Standard deviation of each column around `center` (dividing by the number of rows); exactly 0 for a column that
 * varies by no more than the rounding of its values.
 * @throws ArgumentError naming the first column whose squares overflow.
 */
export function columnDeviations(x: Matrix, center: Float64Array): Float64Array {
  const sums = new Float64Array(x.cols);
  const largest = new Float64Array(x.cols);
  for (let i = 0; i < x.rows; i++)
    for (let j = 0; j < x.cols; j++) {
      const value = x.data[i * x.cols + j]!;
      sums[j]! += (value - center[j]!) ** 2;
      largest[j] = Math.max(largest[j]!, Math.abs(value));
    }
  const deviations = sums.map((sum) => Math.sqrt(sum / x.rows));
  requireNoOverflow(deviations);
  return deviations.map((deviation, j) => (deviation <= 4 * Number.EPSILON * largest[j]! ? 0 : deviation));
}

/** A copy of `x` with (x[i, j] − center[j]) / scale[j]; 0 in columns whose scale is 0. */
export function standardized(x: Matrix, center: Float64Array, scale: Float64Array): Matrix {
  const data = new Float64Array(x.data.length);
  for (let i = 0; i < x.rows; i++)
    for (let j = 0; j < x.cols; j++) {
      const at = i * x.cols + j;
      data[at] = scale[j] === 0 ? 0 : (x.data[at]! - center[j]!) / scale[j]!;
    }
  return { data, rows: x.rows, cols: x.cols };
}

/** Σ a[j]·b[j] in order. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
}

function meansAround(x: Matrix, center: Float64Array): Float64Array {
  const sums = new Float64Array(x.cols);
  for (let i = 0; i < x.rows; i++) for (let j = 0; j < x.cols; j++) sums[j]! += x.data[i * x.cols + j]! - center[j]!;
  return sums.map((sum) => sum / x.rows);
}

function requireNoOverflow(columns: Float64Array): void {
  const bad = columns.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new ArgumentError(`"x" expected values whose squares can be summed, column ${bad} overflows`);
}
