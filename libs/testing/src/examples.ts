/**
 * The real data sets of `examples/`, as columns: features, and the last column as the target.
 * @module
 */
import { readFileSync } from "node:fs";
import { type Matrix, matrix } from "@mintmark/ml-core/base/matrix";
import type { Column } from "@mintmark/ml-core/base/preprocessing";
import type { ClassTarget } from "@mintmark/ml-core/base/target";

export interface Example {
  /** A column is of numbers if all its values are. */
  readonly features: readonly Column[];
  /** As written in the file. */
  readonly target: readonly string[];
}

/** @param name of the file without its ending, e.g. `iris` */
export function readExample(name: string): Example {
  const path = new URL(`../../../examples/${name}.csv`, import.meta.url);
  const [header, ...rows] = parseCsv(readFileSync(path, "utf8"));
  const columns = header!.map((column, j) =>
    toColumn(
      column,
      rows.map((row) => row[j]!),
    ),
  );
  return { features: columns.slice(0, -1), target: rows.map((row) => row.at(-1)!) };
}

/** The class index of each value, classes in ascending order of their text. */
export function classesOf(values: readonly string[]): ClassTarget {
  const classes = [...new Set(values)].sort();
  return {
    kind: "classes",
    labels: Int32Array.from(values, (value) => classes.indexOf(value)),
    classes: classes.length,
  };
}

/** @throws TypeError if one is not of numbers */
export function numberMatrix(columns: readonly Column[]): Matrix {
  const rows = columns[0]!.values.length;
  const x = matrix(new Float64Array(rows * columns.length), rows, columns.length);
  columns.forEach((column, j) => {
    if (column.type !== "number") throw new TypeError(`column ${column.name} expected numbers, got text`);
    for (let i = 0; i < rows; i++) x.data[i * x.cols + j] = column.values[i]!;
  });
  return x;
}

function toColumn(name: string, values: readonly string[]): Column {
  const numbers = values.every((value) => value !== "" && Number.isFinite(Number(value)));
  return numbers ? { type: "number", name, values: Float64Array.from(values, Number) } : { type: "text", name, values };
}

/** Cells by line; a cell in quotes may hold commas and doubled quotes. */
function parseCsv(text: string): string[][] {
  const cell = /(?:"((?:[^"]|"")*)"|([^,\n]*))(,|\n|$)/gy;
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.trimEnd().matchAll(cell)) {
    rows.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain!);
    if (end === "\n") rows.push([]);
    if (end === "") break;
  }
  return rows;
}
