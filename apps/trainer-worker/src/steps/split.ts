/**
 * Step 2: which rows are for training, validation and test.
 * @module
 */
import type { TrainingData } from "@mintmark/dataset";
import type { Column } from "@mintmark/ml-core/base/preprocessing";
import type { Target } from "@mintmark/ml-core/base/target";
import { type RowSplit, splitRows } from "@mintmark/ml-core/split/split-rows";
import type { TrainingConfig } from "@mintmark/training-file";

/** Rows of the data: all of an algorithm's input. */
export interface Rows {
  readonly count: number;
  readonly columns: readonly Column[];
  readonly target: Target | null;
}

export function splitData({ data }: TrainingConfig, { count, target }: Rows): RowSplit {
  const { test, validation, stratify, seed } = data.split;
  return splitRows(count, { test, validation, seed, stratify: stratify ? classesOf(target) : null });
}

/** All rows of the data. */
export function allRows({ features, target }: TrainingData): Rows {
  return { count: features[0]!.values.length, columns: features, target };
}

/** The class of each row, if there are classes. */
export function classesOf(target: Target | null): Int32Array | null {
  return target?.kind === "classes" ? target.labels : null;
}

export function takeRows({ columns, target }: Omit<Rows, "count">, rows: Int32Array): Rows {
  return {
    count: rows.length,
    columns: columns.map((column) => takeFromColumn(column, rows)),
    target: target === null ? null : takeFromTarget(target, rows),
  };
}

function takeFromColumn(column: Column, rows: Int32Array): Column {
  const { name } = column;
  if (column.type === "number")
    return { type: "number", name, values: Float64Array.from(rows, (row) => column.values[row]!) };
  return { type: "text", name, values: Array.from(rows, (row) => column.values[row]!) };
}

function takeFromTarget(target: Target, rows: Int32Array): Target {
  if (target.kind === "values")
    return { kind: "values", values: Float64Array.from(rows, (row) => target.values[row]!) };
  return { kind: "classes", labels: Int32Array.from(rows, (row) => target.labels[row]!), classes: target.classes };
}
