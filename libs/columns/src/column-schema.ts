/**
 * What a column is: decided once, from every row of the training data, and kept in the model. Every door reads by it.
 * @module
 */
import { pandasMissing } from "./missing.ts";
import type { NumberFormat } from "./number-text.ts";

/** A `number` is real, a `boolean` is 0 or 1, a `date` is days since 1970. */
export const columnTypes = ["number", "integer", "boolean", "date", "text"] as const;
export type ColumnType = (typeof columnTypes)[number];

export interface ColumnSchema {
  /** The file's own, verbatim. */
  readonly name: string;
  readonly type: ColumnType;
  /** How numbers are written where they are text; `pointFormat` if absent. */
  readonly format?: NumberFormat;
  /** Whether a missing value has a rule. Of texts it always has one: it is a category of its own, or one never seen. */
  readonly optional: boolean;
  /** Of texts: what else than text is taken, by the spelling that pandas gives it, because training saw such spellings. */
  readonly spells?: readonly ("number" | "boolean")[];
}

/** How the rows of a model are read. */
export interface TableSchema {
  readonly columns: readonly ColumnSchema[];
  /** Spellings of "no value"; pandas' own if absent. */
  readonly missing?: readonly string[];
  /** What separates the values of a line of CSV, where the training file says so. */
  readonly delimiter?: string;
  /** Of CSV files, where the training file says so; UTF-8 or UTF-16 if absent. */
  readonly encoding?: string;
  /** The SQL whose result the columns are; absent where they are the file's. */
  readonly query?: string;
}

/** What the graph and the algorithms take: everything but text is a number. */
export function storageOf(type: ColumnType): "number" | "text" {
  return type === "text" ? "text" : "number";
}

export function missingOf({ missing }: Pick<TableSchema, "missing">): readonly string[] {
  return missing ?? pandasMissing;
}
