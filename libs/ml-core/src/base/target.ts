/**
 * What a supervised algorithm learns to predict, one entry a row.
 * @module
 */

/** Class indices, or real values. */
export type Target = ClassTarget | ValueTarget;

export interface ClassTarget {
  readonly kind: "classes";
  /** Length rows; each in 0..classes−1. */
  readonly labels: Int32Array;
  /** How many classes there are, ≥ 2. */
  readonly classes: number;
}

/** What class indices stand for, in ascending order: numbers by value, text by code point, false before true. Numbers are integers. */
export type Classes = readonly string[] | readonly number[] | readonly boolean[];

export interface ValueTarget {
  readonly kind: "values";
  /** Length rows; finite. */
  readonly values: Float64Array;
}
