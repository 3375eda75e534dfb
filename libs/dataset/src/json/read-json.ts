/**
 * JSON files as columns: lists of objects, or an object a line. A string that writes a number is one where all of the
 * column's values are numbers; a boolean is a boolean.
 * @module
 */
import { createWriteStream } from "node:fs";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { DuckDBVarCharVector } from "@duckdb/node-api";
import { isMissingCell, isMissingText } from "@mintmark/columns/missing";
import { type NumberFormat, parseNumber } from "@mintmark/columns/number-text";
import { repeatedKey } from "@mintmark/columns/repeated-key";
import { AppError } from "@mintmark/errors";
import { isNameless, requireDistinct } from "../column-names.ts";
import { type CellKind, mixture, notOfType, type Place, type Seen } from "../decide.ts";
import { chunksOf, pathLiteral, type Reader, summaryOf } from "../duckdb.ts";
import type { Rules } from "../read-options.ts";
import { type Table, unusableColumn } from "../table.ts";
import { beginsWithMark, encodingOfFile, requireWhole, textOfFile } from "../text-of-file.ts";
import { type ReadColumn, WrittenNumbers } from "../written-numbers.ts";

/** @throws AppError DATA_FILE_NOT_FOUND, DATA_MALFORMED, COLUMN_REPEATED */
export async function readJson(reader: Reader, paths: readonly string[], rules: Rules): Promise<Table> {
  const columns = new Map<string, unknown[]>();
  const files: { readonly file: string; readonly from: number }[] = [];
  let rows = 0;
  for (const path of paths) {
    await requireWhole(path);
    files.push({ file: basename(path), from: rows });
    for await (const object of objectsOf(reader, path, rules.encoding)) {
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
  const names = [...columns.keys()].filter((name) => !isNameless(name));
  const notes = names.length < columns.size ? ["a key without a name was left out; a name keeps its values"] : [];
  requireDistinct(files.map(({ file }) => file).join(", "), names);
  const placeOf = (row: number, value: unknown): Place => {
    const { file, from } = files.findLast((each) => each.from <= row)!;
    return { file, row: row - from + 1, cell: typeof value === "string" ? value : JSON.stringify(value) };
  };
  const read = names.map((name) => decided(name, columns.get(name)!, { rows, rules, placeOf }));
  return { rows, columns: read.map(({ column }) => column), notes: [...notes, ...read.flatMap(({ notes }) => notes)] };
}

/** Bytes of an object. */
const mostOfObject = 1 << 26;

/** The objects of a list, or of the lines, of a file that is there and whole. */
export async function* objectsOf(
  { connection, scratch }: Reader,
  path: string,
  encoding: string | null = null,
): AsyncGenerator<object> {
  const file = basename(path);
  const readable = await inUtf8(path, encoding, scratch);
  const compression = readable === path && /\.gz$/i.test(path) ? ", compression = 'gzip'" : "";
  const options = `format = 'auto', maximum_object_size = ${mostOfObject}, hive_partitioning = false${compression}`;
  let row = 0;
  try {
    for await (const chunk of chunksOf(
      connection,
      `SELECT json FROM read_json_objects([${pathLiteral(readable)}], ${options})`,
    )) {
      const texts = chunk.getColumnVector(0) as DuckDBVarCharVector;
      for (let i = 0; i < chunk.rowCount; i++) yield objectOf(texts.getItem(i) ?? "null", file, ++row);
    }
  } catch (error) {
    if (!(error instanceof Error) || error instanceof AppError) throw error;
    const isTooLong = error.message.includes("maximum_object_size");
    const problem = isTooLong
      ? `an object is longer than ${mostOfObject} bytes, and no longer one is taken`
      : summaryOf(error).replaceAll(readable, file);
    throw new AppError("DATA_MALFORMED", { file, problem }, { cause: error });
  }
}

function objectOf(text: string, file: string, row: number): object {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new AppError("DATA_MALFORMED", { file, problem: `row ${row} is not an object of columns` });
  const repeated = repeatedKey(text);
  if (repeated !== undefined)
    throw new AppError("DATA_MALFORMED", { file, problem: `row ${row} has '${repeated}' twice` });
  return value;
}

/** The file itself, or a copy of it as DuckDB reads JSON: in UTF-8 and without a byte-order mark. */
async function inUtf8(path: string, said: string | null, scratch: string): Promise<string> {
  const encoding = await encodingOfFile(path, said);
  if (encoding === "utf-8" && !(await beginsWithMark(path))) return path;
  const copy = join(scratch, `${copies++}.json`);
  await pipeline(textOfFile(path, encoding), createWriteStream(copy));
  return copy;
}

let copies = 0;

interface Decision {
  readonly rows: number;
  readonly rules: Rules;
  readonly placeOf: (row: number, value: unknown) => Place;
}

function decided(name: string, values: readonly unknown[], { rows, rules, placeOf }: Decision): ReadColumn {
  const declared = rules.typeOf(name);
  const seen: Seen = {};
  let isNested = false;
  for (let row = 0; row < rows; row++) {
    const value = values[row];
    if (isMissing(value, rules)) continue;
    if (typeof value === "object") isNested = true;
    else seen[kindOf(value, rules.formats)] ??= placeOf(row, value);
  }
  const refused = (error: AppError): ReadColumn => {
    const kind = error.reason === "COLUMN_MIXED" ? "mixed" : "other";
    return { column: unusableColumn(name, kind, error), notes: [] };
  };
  if (isNested && rules.keepsMixed) {
    // A query reaches into it: `addr->>'city'`.
    const texts = Array.from({ length: rows }, (_, row) =>
      isMissing(values[row], rules) ? "" : jsonText(values[row]),
    );
    return { column: { type: "text", name, values: texts }, notes: [] };
  }
  if (isNested) return refused(new AppError("COLUMN_TYPE_UNSUPPORTED", { column: name, sqlType: "JSON" }));
  if (declared === "text" || (declared === undefined && seen.text !== undefined)) {
    const mixed = declared === undefined && !rules.keepsMixed ? mixture(name, seen) : undefined;
    if (mixed !== undefined) return refused(mixed);
    // A boolean is `true` here, and `True` in Python: which of the texts it is, only a column of booleans tells.
    if (seen.booleans !== undefined && (seen.text ?? seen.numbers) !== undefined && !rules.keepsMixed)
      return refused(notOfType(name, "text", seen.booleans));
    const texts = Array.from({ length: rows }, (_, row) => textOf(values[row], rules.missing));
    return { column: { type: "text", name, values: texts }, notes: [] };
  }
  const mixed = declared === undefined ? mixture(name, seen) : undefined;
  if (mixed !== undefined) return refused(mixed);
  const isBoolean = declared === undefined && seen.booleans !== undefined;
  const numbers = new WrittenNumbers(name, declared ?? (isBoolean ? "boolean" : null), rules, rows);
  for (let row = 0; row < rows; row++) {
    const value = values[row];
    if (value === null || value === undefined) numbers.missing();
    else if (typeof value === "number") numbers.number(value, () => placeOf(row, value));
    else numbers.cell(String(value), placeOf(row, value));
  }
  return numbers.finish();
}

function jsonText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function isMissing(value: unknown, { missing, missingNumbers }: Rules): boolean {
  if (value === null || value === undefined) return true;
  return typeof value === "string" ? isMissingCell(value, missing) : missingNumbers.has(value as number);
}

function kindOf(value: unknown, formats: readonly NumberFormat[]): CellKind {
  if (typeof value === "boolean") return "booleans";
  if (typeof value === "number") return "numbers";
  return formats.some((format) => parseNumber(String(value), format) !== undefined) ? "numbers" : "text";
}

function textOf(value: unknown, missing: ReadonlySet<string>): string {
  if (value === null || value === undefined) return "";
  const text = String(value);
  return isMissingText(text, missing) ? "" : text;
}
