/**
 * Between JSON and columns: the coercions of MLflow's scoring protocol on the way in, rows on the way out.
 * @module
 */
import { AppError } from "@mintmark/errors";
import type { Column } from "@mintmark/ml-core/base/preprocessing";
import type { OutputColumn } from "./predictor.ts";
import type { ModelInput } from "./trained-model.ts";

/** Columns of JSON values by name; each of the same length. */
export type RawColumns = ReadonlyMap<string, readonly unknown[]>;

export type Row = Readonly<Record<string, number | string | boolean | null>>;

/**
 * The inputs' columns: numbers from numbers, numeric texts and booleans; null, undefined and NaN are missing.
 * Columns that are not inputs are ignored.
 * @throws AppError MODEL_INPUTS_MISSING, or INPUT_VALUE_INVALID naming the first value that cannot be taken
 */
export function toColumns(inputs: readonly ModelInput[], raw: RawColumns): Column[] {
  const names = inputs.map(({ name }) => name).filter((name) => !raw.has(name));
  if (names.length > 0) throw new AppError("MODEL_INPUTS_MISSING", { names });
  return inputs.map(({ name, type }) => {
    const values = raw.get(name)!;
    return type === "number"
      ? { name, type, values: Float64Array.from(values, (value, row) => toNumber(value, name, row)) }
      : { name, type, values: values.map((value, row) => toText(value, name, row)) };
  });
}

/** Columns by name of a list of objects; what a record does not name is missing in it. */
export function fromRecords(records: readonly Readonly<Record<string, unknown>>[]): RawColumns {
  const names = new Set(records.flatMap((record) => Object.keys(record)));
  return new Map(Array.from(names, (name) => [name, records.map((record) => record[name])]));
}

/** One object a row; NaN becomes null, for JSON has no NaN. */
export function toRows(outputs: readonly OutputColumn[]): Row[] {
  const rows = outputs[0]?.values.length ?? 0;
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(outputs.map(({ name, values }) => [name, toJson(values[row]!)])),
  );
}

function toNumber(value: unknown, column: string, row: number): number {
  const number = numberOf(value);
  if (number !== undefined && Math.abs(number) !== Number.POSITIVE_INFINITY) return number;
  const expected = number === undefined ? "a number" : "a finite number";
  throw new AppError("INPUT_VALUE_INVALID", { column, row, expected, value: shown(value) });
}

/** Undefined if it is none. */
function numberOf(value: unknown): number | undefined {
  switch (typeof value) {
    case "number":
      return value;
    case "boolean":
    case "bigint":
      return Number(value);
    case "undefined":
      return Number.NaN;
    case "string":
      return numberOfText(value.trim());
    default:
      return value === null ? Number.NaN : undefined;
  }
}

function numberOfText(text: string): number | undefined {
  if (/^nan$/i.test(text)) return Number.NaN;
  // Number() reads "" as 0 and "0x1f" as 31, which nobody means here.
  if (!/^[+-]?(\d|\.\d|Infinity$)/.test(text) || /^[+-]?0[xob]/i.test(text)) return undefined;
  const number = Number(text);
  return Number.isNaN(number) ? undefined : number;
}

function toText(value: unknown, column: string, row: number): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  throw new AppError("INPUT_VALUE_INVALID", { column, row, expected: "a text", value: shown(value) });
}

function toJson(value: number | string | boolean): number | string | boolean | null {
  return Number.isNaN(value) ? null : value;
}

function shown(value: unknown): string {
  const text =
    typeof value === "string" ? `'${value}'` : typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
