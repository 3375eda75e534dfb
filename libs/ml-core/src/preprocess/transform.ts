/**
 * Columns to the feature matrix, by a fitted preprocessor.
 * @module
 */
import { type Matrix, matrix } from "../base/matrix.ts";
import type { Column, ColumnEncoder, Preprocessor } from "../base/preprocessing.ts";
import { ColumnError } from "./column-error.ts";
import { requireNoInfinity } from "./fit-preprocessor.ts";

/**
 * One row a row of the columns, which may come in any order; columns that the preprocessor does not know are ignored.
 * A missing number that nothing fills stays NaN.
 * @throws ColumnError if a column is not there, is of the other type, or holds infinite values.
 */
export function transform({ encoders }: Preprocessor, columns: readonly Column[]): Matrix {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const rows = columns[0]?.values.length ?? 0;
  const cols = encoders.reduce((sum, encoder) => sum + widthOf(encoder), 0);
  const x = matrix(new Float64Array(rows * cols), rows, cols);
  let at = 0;
  for (const encoder of encoders) {
    const column = byName.get(encoder.column);
    if (column === undefined) throw new ColumnError("unknown-column", encoder.column, "is not there");
    encode(encoder, column, x, at);
    at += widthOf(encoder);
  }
  return x;
}

/** Names of the columns of the feature matrix: `age`; for one-hot `sex=female`, `sex=male`. */
export function featureNames({ encoders }: Preprocessor): string[] {
  return encoders.flatMap((encoder) =>
    encoder.kind === "one-hot"
      ? encoder.categories.map((category) => `${encoder.column}=${category}`)
      : [encoder.column],
  );
}

/** How many columns of the feature matrix it makes. */
export function widthOf(encoder: ColumnEncoder): number {
  return encoder.kind === "one-hot" ? encoder.categories.length : 1;
}

/** Writes the features of one column into the columns of `out` from `at` on. */
function encode(encoder: ColumnEncoder, column: Column, out: Matrix, at: number): void {
  if (encoder.kind === "number") {
    if (column.type !== "number") throw new ColumnError("text-in-number-step", column.name, "holds text, not numbers");
    requireNoInfinity(column);
    const { fill, offset, scale } = encoder;
    column.values.forEach((value, row) => {
      const present = fill !== null && Number.isNaN(value) ? fill : value;
      out.data[row * out.cols + at] = (present - offset) / scale;
    });
    return;
  }
  if (column.type !== "text") throw new ColumnError("number-in-text-step", column.name, "holds numbers, not text");
  const indexOf = new Map(encoder.categories.map((category, index) => [category, index]));
  column.values.forEach((value, row) => {
    const index = indexOf.get(value === "" ? (encoder.fill ?? "") : value);
    if (encoder.kind === "ordinal") out.data[row * out.cols + at] = index ?? encoder.unknown;
    else if (index !== undefined) out.data[row * out.cols + at + index] = 1;
  });
}
