/**
 * What every fit asks of its input, with one wording for all of them.
 * @module
 */
import { ArgumentError } from "./argument-error.ts";
import { type Matrix, requireFinite } from "./matrix.ts";
import type { ClassTarget, ValueTarget } from "./target.ts";

/** @throws ArgumentError if `x` has no rows or no columns, or holds a value that is NaN or infinite. */
export function requireFeatures(x: Matrix): void {
  if (x.rows < 1) throw new ArgumentError('"x" expected at least 1 row, got 0');
  if (x.cols < 1) throw new ArgumentError('"x" expected at least 1 column, got 0');
  requireFinite("x", x);
}

/** @throws ArgumentError if labels are not one a row, are outside 0..classes−1, or are all the same. */
export function requireClasses(x: Matrix, y: ClassTarget): void {
  requireFeatures(x);
  requireClassLabels(x.rows, y);
}

/** As `requireClasses`, for rows that are not a matrix. */
export function requireClassLabels(rows: number, { labels, classes }: ClassTarget): void {
  if (labels.length !== rows) throw new ArgumentError(`"y" expected length ${rows} (rows of x), got ${labels.length}`);
  const bad = labels.findIndex((label) => label < 0 || label >= classes);
  if (bad >= 0) throw new ArgumentError(`"y" expected labels in 0..${classes - 1}, got ${labels[bad]} at row ${bad}`);
  if (labels.every((label) => label === labels[0]))
    throw new ArgumentError(`"y" expected at least 2 classes, got only class ${labels[0]}`);
}

/** @throws ArgumentError if values are not one a row, or one is NaN or infinite. */
export function requireValues(x: Matrix, { values }: ValueTarget): void {
  requireFeatures(x);
  if (values.length !== x.rows)
    throw new ArgumentError(`"y" expected length ${x.rows} (rows of x), got ${values.length}`);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new ArgumentError(`"y" expected finite values, got ${values[bad]} at row ${bad}`);
}
