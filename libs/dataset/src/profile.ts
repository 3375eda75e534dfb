/**
 * What is in each column, in figures: recorded with the snapshot, so that later data can be compared with it.
 * @module
 */
import { type NumberTableColumn, type Table, type TextTableColumn, typeOf } from "./table.ts";

export interface ColumnProfile {
  readonly name: string;
  /** number, integer, boolean, date or text; what it is instead where it cannot be used. */
  readonly type: string;
  /** Rows that have a value. */
  readonly count: number;
  readonly missing: number;
  /** Of numbers that are finite; left out where there are none. */
  readonly min?: number;
  readonly max?: number;
  readonly mean?: number;
  /** Of text: how many different values. */
  readonly distinct?: number;
}

/** One profile a column, in their order; columns that cannot be used have no figures. */
export function profileTable(table: Table): ColumnProfile[] {
  return table.columns.map((column) => {
    const { name } = column;
    const figures =
      column.type === "number" ? profileNumbers(column) : column.type === "text" ? profileText(column) : {};
    return { name, type: typeOf(column), count: table.rows, missing: 0, ...figures };
  });
}

function profileNumbers({ values }: NumberTableColumn) {
  let finite = 0;
  let missing = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let mean = 0;
  for (const value of values) {
    if (Number.isNaN(value)) missing++;
    if (!Number.isFinite(value)) continue;
    finite++;
    min = Math.min(min, value);
    max = Math.max(max, value);
    // Running mean: a sum of large values would overflow.
    mean += (value - mean) / finite;
  }
  const count = values.length - missing;
  return finite === 0 ? { count, missing } : { count, missing, min, max, mean };
}

function profileText({ values }: TextTableColumn) {
  const present = values.filter((value) => value !== "");
  return {
    count: present.length,
    missing: values.length - present.length,
    distinct: new Set(present).size,
  };
}
