/**
 * The rows of files as they stand, for whoever knows already what their columns are: a model that is asked.
 * @module
 */
import { basename } from "node:path";
import { CsvError, readRecord } from "@mintmark/columns/csv-text";
import { repeatedName } from "@mintmark/columns/names";
import { AppError } from "@mintmark/errors";
import { headerOf } from "./csv/open-csv.ts";
import { chunksOf, identifier, openReader } from "./duckdb.ts";
import { type Format, formatOf } from "./format.ts";
import { objectsOf } from "./json/read-json.ts";
import { openParquet } from "./parquet/read-parquet.ts";
import { encodingOf, requireFile, textOfFile } from "./text-of-file.ts";
import type { SqlColumn } from "./typed-columns.ts";

/** Some rows of a file. */
export interface RawRows {
  readonly file: string;
  /** How many of its rows come before these. */
  readonly before: number;
  readonly rows: number;
  /** By name: cells of CSV as text, null where nothing is written; values of JSON; of Parquet numbers, booleans and texts. */
  readonly columns: ReadonlyMap<string, readonly unknown[]>;
}

export interface RawOptions {
  readonly delimiter?: string | undefined;
  readonly encoding?: string | undefined;
}

/**
 * The rows, file by file, at most `most` at a time.
 * @throws AppError DATA_FILE_NOT_FOUND, DATA_FORMAT_UNKNOWN, DATA_MALFORMED, COLUMN_REPEATED
 */
export async function* readRows(
  files: readonly string[],
  most: number,
  { delimiter, encoding }: RawOptions = {},
): AsyncGenerator<RawRows> {
  for (const path of files) {
    await requireFile(path);
    yield* rowsOfFile(formatOf(path), path, most, { delimiter, encoding });
  }
}

async function* rowsOfFile(format: Format, path: string, most: number, options: RawOptions): AsyncGenerator<RawRows> {
  switch (format) {
    case "csv":
      yield* csvRows(path, most, options);
      return;
    case "json":
      yield* jsonRows(path, most);
      return;
    case "parquet":
      yield* parquetRows(path, most);
      return;
    default:
      format satisfies never;
  }
}

async function* csvRows(path: string, most: number, { delimiter, encoding }: RawOptions): AsyncGenerator<RawRows> {
  const file = basename(path);
  const actual = await encodingOf(path, encoding ?? null);
  const { dialect } = await headerOf(path, actual, delimiter ?? null);
  requireDistinct(file, dialect.names);
  let cells: (string | null)[][] = dialect.names.map(() => []);
  let row = 0;
  const taken = (): RawRows => {
    const columns = new Map(dialect.names.map((name, at) => [name, cells[at]!] as const));
    const rows = cells[0]?.length ?? 0;
    cells = dialect.names.map(() => []);
    return { file, before: row - rows, rows, columns };
  };
  let text = "";
  let skip = dialect.end;
  const take = (isWhole: boolean): boolean => {
    let at = 0;
    for (
      let record = readRecord(text, at, dialect.delimiter, isWhole);
      record !== null;
      record = readRecord(text, at, dialect.delimiter, isWhole)
    ) {
      row++;
      if (record.cells.length !== dialect.names.length)
        throw new CsvError(`row ${row} has ${record.cells.length} values for ${dialect.names.length} columns`);
      for (const [column, cell] of record.cells.entries()) cells[column]!.push(cell);
      at = record.end;
      if (cells[0]!.length === most) break;
    }
    text = text.slice(at);
    return cells[0]?.length === most;
  };
  try {
    for await (const piece of textOfFile(path, actual)) {
      text += piece.slice(skip);
      skip = Math.max(0, skip - piece.length);
      while (take(false)) yield taken();
    }
    while (take(true)) yield taken();
    if ((cells[0]?.length ?? 0) > 0) yield taken();
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new AppError("DATA_MALFORMED", { file, problem: error.message }, { cause: error });
  }
}

async function* jsonRows(path: string, most: number): AsyncGenerator<RawRows> {
  const reader = await openReader();
  try {
    let objects: object[] = [];
    let before = 0;
    for await (const object of objectsOf(reader, path)) {
      objects.push(object);
      if (objects.length < most) continue;
      yield fromObjects(basename(path), before, objects);
      before += objects.length;
      objects = [];
    }
    if (objects.length > 0) yield fromObjects(basename(path), before, objects);
  } finally {
    await reader.close();
  }
}

function fromObjects(file: string, before: number, objects: readonly object[]): RawRows {
  const columns = new Map<string, unknown[]>();
  for (const [row, object] of objects.entries())
    for (const [name, value] of Object.entries(object)) {
      let column = columns.get(name);
      if (column === undefined) {
        column = new Array<unknown>(objects.length).fill(null);
        columns.set(name, column);
      }
      column[row] = value;
    }
  requireDistinct(file, [...columns.keys()]);
  return { file, before, rows: objects.length, columns };
}

async function* parquetRows(path: string, most: number): AsyncGenerator<RawRows> {
  const reader = await openReader();
  try {
    const { relations, names } = await openParquet(reader.connection, [path]);
    const { select, columns } = relations[0]!;
    const list = names.map((name) => expressionOf(columns.find((column) => column.name === name)!)).join(", ");
    let values: unknown[][] = names.map(() => []);
    let rows = 0;
    let before = 0;
    const taken = (): RawRows => {
      const columns = new Map(names.map((name, at) => [name, values[at]!] as const));
      const batch = { file: basename(path), before, rows, columns };
      before += rows;
      values = names.map(() => []);
      rows = 0;
      return batch;
    };
    for await (const chunk of chunksOf(reader.connection, `SELECT ${list || "1"} FROM (${select})`)) {
      // A chunk has 2,048 rows at most; batches are of whole chunks.
      if (rows > 0 && rows + chunk.rowCount > most) yield taken();
      for (let at = 0; at < names.length; at++) values[at]!.push(...chunk.getColumnValues(at));
      rows += chunk.rowCount;
    }
    if (rows > 0) yield taken();
  } finally {
    await reader.close();
  }
}

function expressionOf({ name, kind }: SqlColumn): string {
  const column = identifier(name);
  switch (kind) {
    case "integer":
    case "number":
      return `CAST(${column} AS DOUBLE)`;
    case "boolean":
      return column;
    case "date":
      return `strftime(CAST(${column} AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%fZ')`;
    default:
      return `CAST(${column} AS VARCHAR)`;
  }
}

function requireDistinct(where: string, names: readonly string[]): void {
  const repeated = repeatedName(names);
  if (repeated !== undefined) throw new AppError("COLUMN_REPEATED", { where, ...repeated });
}
