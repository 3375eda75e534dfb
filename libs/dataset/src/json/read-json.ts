/**
 * JSON files as columns: lists of objects, or an object a line. A string that writes a number is one where all of the
 * column's values are numbers; a boolean is a boolean.
 * @module
 */
import { basename } from "node:path";
import type { DuckDBVarCharVector } from "@duckdb/node-api";
import type { ColumnType } from "@mintmark/columns/column-schema";
import { isMissingCell, isMissingText } from "@mintmark/columns/missing";
import { repeatedName } from "@mintmark/columns/names";
import { type NumberFormat, parseNumber } from "@mintmark/columns/number-text";
import { parseCell } from "@mintmark/columns/read-values";
import { AppError } from "@mintmark/errors";
import { type CellKind, mixture, notOfType, type Place, type Seen } from "../decide.ts";
import { chunksOf, literal, type Reader, summaryOf } from "../duckdb.ts";
import type { Rules } from "../read-options.ts";
import { numberColumn, type Table, type TableColumn, unusableColumn } from "../table.ts";
import { requireFile } from "../text-of-file.ts";

/** @throws AppError DATA_FILE_NOT_FOUND, DATA_MALFORMED, COLUMN_REPEATED */
export async function readJson(reader: Reader, paths: readonly string[], rules: Rules): Promise<Table> {
  const columns = new Map<string, unknown[]>();
  const files: { readonly file: string; readonly from: number }[] = [];
  let rows = 0;
  for (const path of paths) {
    files.push({ file: basename(path), from: rows });
    for await (const object of objectsOf(reader, path)) {
      for (const [name, value] of Object.entries(object)) {
        let column = columns.get(name);
        if (column === undefined) {
          column = [];
          columns.set(name, column);
        }
        column[rows] = value;
      }
      rows++;
    }
  }
  const names = [...columns.keys()];
  const repeated = repeatedName(names);
  if (repeated !== undefined)
    throw new AppError("COLUMN_REPEATED", { where: files.map(({ file }) => file).join(", "), ...repeated });
  const placeOf = (row: number, value: unknown): Place => {
    const { file, from } = files.findLast((each) => each.from <= row)!;
    return { file, row: row - from + 1, cell: typeof value === "string" ? value : JSON.stringify(value) };
  };
  return { rows, columns: names.map((name) => decided(name, columns.get(name)!, { rows, rules, placeOf })), notes: [] };
}

/** The objects of a list, or of the lines. */
export async function* objectsOf({ connection }: Reader, path: string): AsyncGenerator<object> {
  await requireFile(path);
  const file = basename(path);
  const select = `SELECT json FROM read_json_objects([${literal(path)}], format = 'auto', maximum_object_size = 67108864, hive_partitioning = false)`;
  let row = 0;
  try {
    for await (const chunk of chunksOf(connection, select)) {
      const texts = chunk.getColumnVector(0) as DuckDBVarCharVector;
      for (let i = 0; i < chunk.rowCount; i++) {
        row++;
        const value: unknown = JSON.parse(texts.getItem(i) ?? "null");
        if (typeof value !== "object" || value === null || Array.isArray(value))
          throw new AppError("DATA_MALFORMED", { file, problem: `row ${row} is not an object of columns` });
        yield value;
      }
    }
  } catch (error) {
    if (!(error instanceof Error) || error instanceof AppError) throw error;
    throw new AppError("DATA_MALFORMED", { file, problem: summaryOf(error).replaceAll(path, file) }, { cause: error });
  }
}

interface Decision {
  readonly rows: number;
  readonly rules: Rules;
  readonly placeOf: (row: number, value: unknown) => Place;
}

function decided(name: string, values: readonly unknown[], { rows, rules, placeOf }: Decision): TableColumn {
  const declared = rules.typeOf(name);
  const isMissing = (value: unknown) =>
    value === null ||
    value === undefined ||
    (typeof value === "string" && isMissingCell(value, rules.missing)) ||
    (typeof value === "number" && rules.missingNumbers.has(value));
  const seen: Seen = {};
  let nested: Place | undefined;
  let formats = rules.formats;
  for (let row = 0; row < rows; row++) {
    const value = values[row];
    if (isMissing(value)) continue;
    if (typeof value === "object") {
      nested ??= placeOf(row, value);
      continue;
    }
    if (typeof value === "string") {
      const fitting = formats.filter((format) => parseNumber(value, format) !== undefined);
      if (fitting.length > 0) formats = fitting;
    }
    seen[kindOf(value, rules.formats)] ??= placeOf(row, value);
  }
  const format = formats[0]!;
  if (nested !== undefined && declared === undefined)
    return unusableColumn(name, "other", new AppError("COLUMN_TYPE_UNSUPPORTED", { column: name, sqlType: "JSON" }));
  if (declared === "text" || (declared === undefined && seen.text !== undefined)) {
    const mixed = declared === undefined && !rules.keepsMixed ? mixture(name, seen) : undefined;
    if (mixed !== undefined) return unusableColumn(name, "mixed", mixed);
    const texts = Array.from({ length: rows }, (_, row) => textOf(values[row], rules.missing));
    return { type: "text", name, values: texts };
  }
  const numbers = new Float64Array(rows);
  const type = (declared as MeasuredType | undefined) ?? (seen.booleans !== undefined ? "boolean" : "number");
  if (declared === undefined) {
    const mixed = mixture(name, seen);
    if (mixed !== undefined) return unusableColumn(name, "mixed", mixed);
  }
  for (let row = 0; row < rows; row++) {
    const value = values[row];
    const number = isMissing(value) ? Number.NaN : numberOf(type, value, format);
    if (number === undefined || (type === "integer" && !isMissing(value) && !Number.isInteger(number)))
      return unusableColumn(
        name,
        "mixed",
        declared === undefined
          ? otherwiseWritten(name, seen, placeOf(row, value))
          : notOfType(name, type, placeOf(row, value)),
      );
    numbers[row] = number;
  }
  const isDecided = declared !== undefined || type === "boolean";
  return numberColumn(name, numbers, { format, ...(isDecided && { measure: type }) });
}

/** A number by one way of writing, where another holds for the cells before it. */
function otherwiseWritten(name: string, { numbers }: Seen, offending: Place): AppError {
  return new AppError("COLUMN_MIXED", { column: name, kinds: ["numbers", "text"], first: numbers!, offending });
}

function kindOf(value: unknown, formats: readonly NumberFormat[]): CellKind {
  if (typeof value === "boolean") return "booleans";
  if (typeof value === "number") return "numbers";
  return formats.some((format) => parseNumber(String(value), format) !== undefined) ? "numbers" : "text";
}

type MeasuredType = Exclude<ColumnType, "text">;

function numberOf(type: MeasuredType, value: unknown, format: NumberFormat): number | undefined {
  if (typeof value === "number") return type === "boolean" && value !== 0 && value !== 1 ? undefined : value;
  if (typeof value === "boolean") return type === "date" ? undefined : Number(value);
  return typeof value === "string" ? parseCell({ type, format }, value) : undefined;
}

function textOf(value: unknown, missing: ReadonlySet<string>): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return isMissingText(text, missing) ? "" : text;
}
