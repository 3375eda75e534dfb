/**
 * What `train --check` shows: the columns as they will be taken, and what a person should know of them.
 * @module
 */

import { type Table, type TableColumn, typeOf } from "./table.ts";
import type { TrainingData } from "./training-data.ts";

export interface DescribedColumn {
  readonly name: string;
  /** number, integer, boolean, date or text; what it is instead where it cannot be used. */
  readonly type: string;
  /** Rows without a value. */
  readonly missing: number;
  /** Different values. */
  readonly distinct: number;
  /** The first value, as text, shortened to 100 characters; empty if there is none. */
  readonly example: string;
}

export interface DescribedData {
  readonly columns: readonly DescribedColumn[];
  readonly rows: number;
  readonly warnings: readonly string[];
}

/** The features and the target, in the order of the data. */
export function describeData(table: Table, { features, warnings }: TrainingData, target: string | null): DescribedData {
  const names = new Set(features.map(({ name }) => name));
  const taken = table.columns.filter(({ name }) => names.has(name) || name === target);
  return { columns: taken.map(describeColumn), rows: table.rows, warnings };
}

function describeColumn(column: TableColumn): DescribedColumn {
  const { name } = column;
  const type = typeOf(column);
  if (column.type === "unusable") return { name, type, missing: 0, distinct: 0, example: "" };
  if (column.type === "text") {
    const present = column.values.filter((value) => value !== "");
    return {
      name,
      type,
      missing: column.values.length - present.length,
      distinct: new Set(present).size,
      example: shortened(present[0] ?? ""),
    };
  }
  const present = column.values.filter((value) => !Number.isNaN(value));
  const first = present[0];
  return {
    name,
    type,
    missing: column.values.length - present.length,
    distinct: countDistinct(present.sort()),
    example: first === undefined ? "" : shownNumber(column.measure, first),
  };
}

/** To sort numbers and count takes a ninth of the time of making a set of them. */
function countDistinct(sorted: Float64Array): number {
  let distinct = 0;
  for (let at = 0; at < sorted.length; at++) if (at === 0 || sorted[at] !== sorted[at - 1]) distinct++;
  return distinct;
}

function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 99)}…`.toWellFormed() : text;
}

function shownNumber(measure: string, value: number): string {
  if (measure === "boolean") return String(value === 1);
  return measure === "date" ? new Date(value * 86_400_000).toISOString().replace("T00:00:00.000Z", "") : String(value);
}
