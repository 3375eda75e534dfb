/**
 * The target column as what an algorithm learns: class indices with the classes they stand for, or real values.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { compareCodePoints } from "@mintmark/ml-core/base/code-points";
import type { Classes, ClassTarget, ValueTarget } from "@mintmark/ml-core/base/target";
import type { NumberTableColumn, TableColumn, TextTableColumn } from "./table.ts";

/** Labels index `classes`. */
export interface LabelledTarget {
  readonly target: ClassTarget;
  readonly classes: Classes;
}

/**
 * A column of text, integers or booleans as classes; real numbers are taken if each of them is whole.
 * @throws AppError TARGET_VALUES_MISSING, VALUES_INFINITE, TARGET_NOT_CLASSES, TARGET_ONE_CLASS
 */
export function classTarget(column: TableColumn): LabelledTarget {
  if (column.type === "unusable") throw column.error;
  return column.type === "text" ? textClasses(column) : numberClasses(column);
}

/** @throws AppError TARGET_NOT_NUMERIC, TARGET_VALUES_MISSING, VALUES_INFINITE */
export function valueTarget(column: TableColumn): ValueTarget {
  if (column.type === "unusable") throw column.error;
  if (column.type === "text")
    throw new AppError("TARGET_NOT_NUMERIC", { target: column.name, example: column.values[0] ?? "" });
  requireNumbers(column);
  return { kind: "values", values: column.values };
}

function textClasses({ name, values }: TextTableColumn): LabelledTarget {
  requirePresent(name, values, (value) => value === "");
  const classes = [...new Set(values)].sort(compareCodePoints);
  return { classes, target: toTarget(name, values, classes) };
}

function numberClasses(column: NumberTableColumn): LabelledTarget {
  const { name, values, measure } = column;
  requireNumbers(column);
  const broken = values.find((value) => !Number.isSafeInteger(value));
  if (broken !== undefined) throw new AppError("TARGET_NOT_CLASSES", { target: name, value: broken });
  const numbers = [...new Set(values)].sort((a, b) => a - b);
  const target = toTarget(name, values, numbers);
  return { classes: measure === "boolean" ? numbers.map((value) => value === 1) : numbers, target };
}

function toTarget<T>(name: string, values: ArrayLike<T>, classes: readonly T[]): ClassTarget {
  if (classes.length === 1) throw new AppError("TARGET_ONE_CLASS", { target: name, value: String(classes[0]) });
  const indices = new Map(classes.map((value, index) => [value, index]));
  const labels = Int32Array.from({ length: values.length }, (_, row) => indices.get(values[row]!)!);
  return { kind: "classes", labels, classes: classes.length };
}

function requireNumbers({ name, values }: NumberTableColumn): void {
  requirePresent(name, values, Number.isNaN);
  const infinite = rowsWhere(values, (value) => !Number.isFinite(value));
  if (infinite.count > 0)
    throw new AppError("VALUES_INFINITE", { column: name, infinite: infinite.count, row: infinite.first });
}

function requirePresent<T>(target: string, values: ArrayLike<T>, isMissing: (value: T) => boolean): void {
  const { count, first } = rowsWhere(values, isMissing);
  if (count > 0) throw new AppError("TARGET_VALUES_MISSING", { target, missing: count, row: first });
}

/** How many values are such, and in which row, counted from 1, the first of them is. */
export function rowsWhere<T>(values: ArrayLike<T>, isSuch: (value: T) => boolean): { count: number; first: number } {
  let count = 0;
  let first = 0;
  for (let row = 0; row < values.length; row++) {
    if (!isSuch(values[row]!)) continue;
    if (count === 0) first = row + 1;
    count++;
  }
  return { count, first };
}

/**
 * The label of the class that a training file means by `value`; −1 if it means none. YAML knows true and false as such:
 * they mean the words of the data, in whatever case.
 */
export function labelOf(classes: Classes, value: string | number | boolean): number {
  const texts = classes.map(String);
  const exact = texts.indexOf(String(value));
  if (exact >= 0 || !/^(true|false)$/i.test(String(value))) return exact;
  return texts.findIndex((text) => text.toLowerCase() === String(value).toLowerCase());
}

/** `output.labels` by the classes' own texts; a key that means no class stays as it is. */
export function classLabels(
  labels: Readonly<Record<string, string | number | boolean>>,
  classes: Classes | null,
): Record<string, string> {
  const entries = Object.entries(labels).map(([key, shown]) => {
    const label = classes === null ? -1 : labelOf(classes, key);
    return [label < 0 ? key : String(classes![label]), String(shown)] as const;
  });
  return Object.fromEntries(entries);
}
