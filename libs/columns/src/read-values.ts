/**
 * From values as they came, by JSON or as the cells of a line, to a column as the model takes it.
 * @module
 */
import { AppError } from "@mintmark/errors";
import type { Column } from "@mintmark/ml-core/base/preprocessing";
import { parseBoolean } from "./boolean-text.ts";
import { type ColumnSchema, missingOf, type TableSchema } from "./column-schema.ts";
import { parseDate } from "./date-text.ts";
import { isMissingCell, missingNumbers, missingSet } from "./missing.ts";
import { parseNumber } from "./number-text.ts";

/** Columns of values by name, each of the same length. Null, undefined and NaN are missing. */
export type RawColumns = ReadonlyMap<string, readonly unknown[]>;

/**
 * The columns of the schema, in its order; others are ignored. Missing: NaN in numbers, "" or a spelling of it in texts.
 * @throws AppError MODEL_INPUTS_MISSING, or INPUT_VALUE_MISSING and INPUT_VALUE_INVALID naming column and row of the
 * first value that cannot be taken
 */
export function readValues(schema: TableSchema, raw: RawColumns): Column[] {
  const names = schema.columns.map(({ name }) => name).filter((name) => !raw.has(name));
  if (names.length > 0) throw new AppError("MODEL_INPUTS_MISSING", { names, query: schema.query });
  const spellings = missingOf(schema);
  const missing = { texts: missingSet(spellings), numbers: missingNumbers(spellings) };
  return schema.columns.map((column) => readColumn(column, raw.get(column.name)!, missing));
}

interface Missing {
  readonly texts: ReadonlySet<string>;
  readonly numbers: ReadonlySet<number>;
}

function readColumn(column: ColumnSchema, values: readonly unknown[], missing: Missing): Column {
  const { name } = column;
  if (column.type === "text")
    return { type: "text", name, values: values.map((value, row) => readText(column, value, row)) };
  const numbers = new Float64Array(values.length);
  for (let row = 0; row < numbers.length; row++) {
    const number = readNumber(column, values[row], row, missing);
    if (!column.optional && Number.isNaN(number)) throw new AppError("INPUT_VALUE_MISSING", { column: name, row });
    numbers[row] = number;
  }
  return { type: "number", name, values: numbers };
}

/** NaN if it is missing. */
function readNumber(column: ColumnSchema, value: unknown, row: number, missing: Missing): number {
  if (typeof value === "number" && missing.numbers.has(value)) return Number.NaN;
  const number = numberOf(column, value, missing.texts);
  if (number !== undefined && missing.numbers.has(number)) return Number.NaN;
  if (number !== undefined && Math.abs(number) !== Number.POSITIVE_INFINITY) return number;
  const expected = number === undefined ? expectedOf(column) : "a finite number";
  throw new AppError("INPUT_VALUE_INVALID", { column: column.name, row, expected, value: shown(value) });
}

/** Undefined if it is none that the column takes. */
function numberOf(column: ColumnSchema, value: unknown, missing: ReadonlySet<string>): number | undefined {
  switch (typeof value) {
    case "number":
      return Number.isNaN(value) || isInRange(column.type, value) ? value : undefined;
    case "boolean":
      return column.type === "date" ? undefined : Number(value);
    case "bigint":
      return numberOf(column, Number(value), missing);
    case "undefined":
      return Number.NaN;
    case "string":
      return isMissingCell(value, missing) ? Number.NaN : parseCell(column, value);
    default:
      return value === null ? Number.NaN : undefined;
  }
}

/** Whether a number may be a value of such a column. What is no day of the years 1 to 9999 is milliseconds, or seconds. */
export function isInRange(type: ColumnSchema["type"], value: number): boolean {
  if (type === "boolean") return value === 0 || value === 1;
  return type !== "date" || (value >= firstDay && value < lastDay);
}

/** Of the years 1 and 10000. */
const firstDay = -719_162;
const lastDay = 2_932_897;

/** The number that a cell of such a column writes; undefined if it writes none. */
export function parseCell({ type, format }: Pick<ColumnSchema, "type" | "format">, text: string): number | undefined {
  switch (type) {
    case "boolean": {
      const flag = parseBoolean(text);
      return flag === undefined ? undefined : Number(flag);
    }
    case "date":
      return parseDate(text);
    default:
      return parseNumber(text, format);
  }
}

function readText({ name, spells = [] }: ColumnSchema, value: unknown, row: number): string {
  switch (typeof value) {
    case "string":
      // Which spellings are missing, the model's graph knows: so Python hears the same of them.
      return value;
    case "undefined":
      return "";
    case "number":
      if (Number.isNaN(value)) return "";
      if (spells.includes("number")) return String(value);
      break;
    case "boolean":
      // As pandas spells it, and as onnxruntime hears it from there.
      if (spells.includes("boolean")) return value ? "True" : "False";
      break;
    default:
      if (value === null) return "";
  }
  throw new AppError("INPUT_VALUE_INVALID", { column: name, row, expected: "a text", value: shown(value) });
}

function expectedOf({ type, format }: ColumnSchema): string {
  switch (type) {
    case "boolean":
      return "true or false";
    case "date":
      return "a date such as 2026-03-31, or days since 1970";
    default:
      return format?.decimal === "," ? "a number with a decimal comma" : "a number";
  }
}

/** A value in a message: short. */
export function shown(value: unknown): string {
  const text =
    typeof value === "string" ? `'${value}'` : typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
