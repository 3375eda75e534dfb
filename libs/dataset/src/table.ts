/**
 * Data in memory: columns of numbers or text, in the order of the file, each with what it was decided to be.
 * @module
 */
import type { ColumnType } from "@mintmark/columns/column-schema";
import { type NumberFormat, pointFormat } from "@mintmark/columns/number-text";
import type { AppError } from "@mintmark/errors";
import type { NumberColumn, TextColumn } from "@mintmark/ml-core/base/preprocessing";

export interface Table {
  readonly rows: number;
  readonly columns: readonly TableColumn[];
  /** What a person should know of the reading: columns that were left out, and readings that might be meant otherwise. */
  readonly notes: readonly string[];
}

export type TableColumn = NumberTableColumn | TextTableColumn | UnusableColumn;

/** Booleans are 0 and 1, dates are days since 1970; NaN is missing. */
export interface NumberTableColumn extends NumberColumn {
  readonly measure: Exclude<ColumnType, "text">;
  /** How its numbers are written, where they are text. */
  readonly format?: NumberFormat;
}

/** "" is missing. */
export type TextTableColumn = TextColumn;

/** A column that no algorithm takes, such as one of lists, or of numbers beside text; only an error if the job uses it. */
export interface UnusableColumn {
  readonly type: "unusable";
  readonly name: string;
  /** In a word. */
  readonly kind: string;
  readonly error: AppError;
}

/** The column of that name, if there is one. */
export function findColumn(table: Table, name: string): TableColumn | undefined {
  return table.columns.find((column) => column.name === name);
}

/** What the column is, in the training file's words; its kind where it cannot be used. */
export function typeOf(column: TableColumn): string {
  if (column.type === "unusable") return column.kind;
  return column.type === "text" ? "text" : column.measure;
}

/** Integers if all values are, whatever their spelling: `2.0` is one. A column without a value is of numbers. */
export function numberColumn(
  name: string,
  values: Float64Array,
  { measure = measureOf(values), format = pointFormat }: Partial<Pick<NumberTableColumn, "measure" | "format">> = {},
): NumberTableColumn {
  const column = { type: "number", name, values, measure } as const;
  return format.decimal === pointFormat.decimal && format.thousands === pointFormat.thousands
    ? column
    : { ...column, format };
}

export function unusableColumn(name: string, kind: string, error: AppError): UnusableColumn {
  return { type: "unusable", name, kind, error };
}

function measureOf(values: Float64Array): "integer" | "number" {
  let isEmpty = true;
  for (const value of values) {
    if (Number.isInteger(value)) isEmpty = false;
    else if (!Number.isNaN(value)) return "number";
  }
  return isEmpty ? "number" : "integer";
}
