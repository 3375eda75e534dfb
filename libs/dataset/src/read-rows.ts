/**
 * The rows of files as they stand, for whoever knows already what their columns are: a model that is asked.
 * @module
 */
import { basename } from "node:path";
import type { ColumnType, TableSchema } from "@mintmark/columns/column-schema";
import { CsvError, fitted, readRecord } from "@mintmark/columns/csv-text";
import { AppError } from "@mintmark/errors";
import { requireDistinct } from "./column-names.ts";
import { headerOf } from "./csv/open-csv.ts";
import { identifier, openReader } from "./duckdb.ts";
import { type Format, formatOf } from "./format.ts";
import { objectsOf } from "./json/read-json.ts";
import { openParquet } from "./parquet/read-parquet.ts";
import { encodingOf, requireFile, textOfFile } from "./text-of-file.ts";
import { numberOf, rowsOf, type SqlColumn, textOf, unsupported } from "./typed-columns.ts";

/** Some rows of a file. */
export interface RawRows {
  readonly file: string;
  /** How many of its rows come before these. */
  readonly before: number;
  readonly rows: number;
  /** By name: cells of CSV as text, null where nothing is written; values of JSON; of Parquet numbers, booleans and texts. */
  readonly columns: ReadonlyMap<string, readonly unknown[]>;
}

/** What the model says of the reading of its rows. */
export type RawOptions = Partial<Pick<TableSchema, "columns" | "delimiter" | "encoding">>;

/**
 * The rows, file by file, at most `most` at a time.
 * @throws AppError DATA_FILE_NOT_FOUND, DATA_FORMAT_UNKNOWN, DATA_MALFORMED, COLUMN_REPEATED
 */
export async function* readRows(
  files: readonly string[],
  most: number,
  options: RawOptions = {},
): AsyncGenerator<RawRows> {
  for (const path of files) {
    await requireFile(path);
    yield* rowsOfFile(formatOf(path), path, most, options);
  }
}

async function* rowsOfFile(format: Format, path: string, most: number, options: RawOptions): AsyncGenerator<RawRows> {
  switch (format) {
    case "csv":
      yield* csvRows(path, most, options);
      return;
    case "json":
      yield* jsonRows(path, most, options);
      return;
    case "parquet":
      yield* parquetRows(path, most, options);
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
      const fitting = fitted(record.cells, dialect.names);
      if (fitting === null)
        throw new CsvError(`row ${row} has ${record.cells.length} values for ${dialect.names.length} columns`);
      for (const [column, cell] of fitting.entries()) cells[column]!.push(cell);
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

async function* jsonRows(path: string, most: number, { encoding }: RawOptions): AsyncGenerator<RawRows> {
  const file = basename(path);
  const reader = await openReader();
  try {
    // Keys may be missing from any number of rows: which there are, only the whole file knows.
    const names = new Set<string>();
    for await (const object of objectsOf(reader, path, encoding))
      for (const name of Object.keys(object)) names.add(name);
    requireDistinct(file, [...names]);
    let objects: object[] = [];
    let before = 0;
    for await (const object of objectsOf(reader, path, encoding)) {
      objects.push(object);
      if (objects.length < most) continue;
      yield fromObjects(file, before, objects, names);
      before += objects.length;
      objects = [];
    }
    if (objects.length > 0) yield fromObjects(file, before, objects, names);
  } finally {
    await reader.close();
  }
}

function fromObjects(file: string, before: number, objects: readonly object[], names: Iterable<string>): RawRows {
  const columns = new Map<string, readonly unknown[]>();
  for (const name of names)
    columns.set(
      name,
      objects.map((object) => (Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : null)),
    );
  return { file, before, rows: objects.length, columns };
}

async function* parquetRows(path: string, most: number, { columns: schema = [] }: RawOptions): AsyncGenerator<RawRows> {
  const reader = await openReader();
  try {
    const { relations, names } = await openParquet(reader.connection, [path]);
    const { columns } = relations[0]!;
    const typeOf = new Map(schema.map(({ name, type }) => [name, type]));
    const own = new Map(columns.map((column) => [column.name, column]));
    const list = names.map((name) => expressionOf(own.get(name)!, typeOf.get(name))).join(", ");
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
    for await (const chunk of rowsOf(reader.connection, relations[0]!, list)) {
      // A chunk has 2,048 rows at most; batches are of whole chunks.
      if (rows > 0 && rows + chunk.rowCount > most) yield taken();
      for (let at = 0; at < names.length; at++) for (const value of chunk.getColumnValues(at)) values[at]!.push(value);
      rows += chunk.rowCount;
    }
    if (rows > 0) yield taken();
  } finally {
    await reader.close();
  }
}

/** As training reads the column that the model knows, or as it is: numbers, booleans, and texts for the rest. */
function expressionOf(column: SqlColumn, type: ColumnType | undefined): string {
  if (column.kind === "unreadable") {
    if (type !== undefined) throw unsupported(column);
    return "NULL::VARCHAR";
  }
  if (type === "text") return textOf(column);
  switch (column.kind) {
    case "integer":
    case "number":
      return numberOf(column);
    case "boolean":
      return identifier(column.name);
    case "date":
      return type === "date" ? numberOf(column) : textOf(column);
    default:
      return textOf(column);
  }
}
