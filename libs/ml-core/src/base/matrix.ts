/**
 * Dense row-major matrices over typed arrays.
 * @module
 */
import { ArgumentError } from "./argument-error.ts";

/** `rows × cols` numbers; element (i, j) is `data[i * cols + j]`. */
export interface Matrix {
  readonly data: Float64Array;
  readonly rows: number;
  readonly cols: number;
}

/**
 * Views `data` as a matrix without copying it.
 * @throws ArgumentError if `data.length` is not `rows * cols`.
 */
export function matrix(data: Float64Array, rows: number, cols: number): Matrix {
  if (data.length !== rows * cols)
    throw new ArgumentError(`"data" expected length ${rows} × ${cols} = ${rows * cols}, got ${data.length}`);
  return { data, rows, cols };
}

/** A new matrix of the rows of `x` whose indices are in `rows`, in that order. */
export function takeRows(x: Matrix, rows: ArrayLike<number>): Matrix {
  const data = new Float64Array(rows.length * x.cols);
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i]! * x.cols;
    data.set(x.data.subarray(from, from + x.cols), i * x.cols);
  }
  return { data, rows: rows.length, cols: x.cols };
}

/** @throws ArgumentError naming row and column of the first value that is NaN or infinite. */
export function requireFinite(name: string, x: Matrix): void {
  for (let at = 0; at < x.data.length; at++)
    if (!Number.isFinite(x.data[at]!))
      throw new ArgumentError(
        `"${name}" expected finite values, got ${x.data[at]} at row ${Math.floor(at / x.cols)}, column ${at % x.cols}`,
      );
}
