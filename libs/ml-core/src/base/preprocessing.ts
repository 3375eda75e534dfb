/**
 * Columns, and what fitted preprocessing does to them on the way to a feature matrix.
 * @module
 */

/** A named column of a table. Missing: NaN in numbers, "" in text. */
export type Column = NumberColumn | TextColumn;
export interface NumberColumn {
  readonly type: "number";
  readonly name: string;
  readonly values: Float64Array;
}
export interface TextColumn {
  readonly type: "text";
  readonly name: string;
  readonly values: readonly string[];
}

/** What fitted preprocessing does with each input column, in the order of the columns. */
export interface Preprocessor {
  readonly encoders: readonly ColumnEncoder[];
}

export type ColumnEncoder = NumberEncoder | OrdinalEncoder | OneHotEncoder;

/** One feature: (x, or `fill` where x is NaN, minus `offset`) divided by `scale`. */
export interface NumberEncoder {
  readonly kind: "number";
  readonly column: string;
  /** Null if there is no rule for missing values. */
  readonly fill: number | null;
  readonly offset: number;
  /** Not 0. */
  readonly scale: number;
}

/** One feature: the index of the category in `categories` (code-point order), or `unknown`. */
export interface OrdinalEncoder {
  readonly kind: "ordinal";
  readonly column: string;
  /** What missing text becomes before it is encoded; null if "" is a value like any other. */
  readonly fill: string | null;
  readonly categories: readonly string[];
  readonly unknown: number;
}

/** One feature a category (code-point order): 1 where the value is it, else 0; an unknown value is 0 everywhere. */
export interface OneHotEncoder {
  readonly kind: "one-hot";
  readonly column: string;
  /** As of an ordinal encoder. */
  readonly fill: string | null;
  readonly categories: readonly string[];
}
