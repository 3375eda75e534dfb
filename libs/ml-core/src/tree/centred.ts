/**
 * Targets of trees without their mean: leaves then are as large as the target's spread, however far from 0 it lies, and
 * so is the error of rounding them.
 * @module
 */
import { ArgumentError } from "../base/argument-error.ts";
import { columnMeans } from "../linear/moments.ts";

/** The largest size of a target value: squares of sums over all rows stay finite. */
export const TARGET_MAX = 2 ** 400;

/**
 * Exact to a few roundings.
 * @throws ArgumentError naming the first row whose value is above TARGET_MAX in size.
 */
export function meanOf(values: Float64Array): number {
  const row = values.findIndex((value) => Math.abs(value) > TARGET_MAX);
  if (row >= 0)
    throw new ArgumentError(`"y" expected values up to 2^400 (2.5e120) in size, got ${values[row]} at row ${row}`);
  return columnMeans({ data: values, rows: values.length, cols: 1 })[0]!;
}

/** As `meanOf`; each value less the mean. */
export function centred(values: Float64Array): Float64Array {
  const mean = meanOf(values);
  return values.map((value) => value - mean);
}
