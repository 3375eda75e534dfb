/**
 * Training data in memory: columns of numbers or text, in the order of the file.
 * @module
 */
import type { NumberColumn, TextColumn } from "@mintmark/ml-core/base/preprocessing";

export interface Table {
  readonly rows: number;
  readonly columns: readonly TableColumn[];
}

export type TableColumn = NumberTableColumn | TextTableColumn | UnreadableColumn;

/** Integers, real numbers, or booleans as 0 and 1. */
export interface NumberTableColumn extends NumberColumn {
  readonly measure: "integer" | "real" | "boolean";
  readonly sqlType: string;
}

export interface TextTableColumn extends TextColumn {
  readonly sqlType: string;
}

/** A column of a type that no algorithm takes, such as a date; only an error if the job uses it. */
export interface UnreadableColumn {
  readonly type: "unreadable";
  readonly name: string;
  readonly sqlType: string;
}

/** The column of that name, if there is one. */
export function findColumn(table: Table, name: string): TableColumn | undefined {
  return table.columns.find((column) => column.name === name);
}
