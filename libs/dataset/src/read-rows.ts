/**
 * The rows of files as they stand, for whoever knows already what their columns are: a model that is asked.
 * @module
 */
import { basename } from "node:path";
import type { ColumnType, TableSchema } from "@mintmark/columns/column-schema";
import type { Cell } from "@mintmark/columns/csv-text";
import { requireDistinct } from "./column-names.ts";
import { headerOf } from "./csv/open-csv.ts";
import { recordsOf } from "./csv/records.ts";
import { identifier, openReader } from "./duckdb.ts";
import { type Format, formatOf } from "./format.ts";
import { objectsOf } from "./json/read-json.ts";
import { openParquet } from "./parquet/read-parquet.ts";
import { encodingOfFile, requireWhole } from "./text-of-file.ts";
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
    await requireWhole(path);
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
  const actual = await encodingOfFile(path, encoding ?? null);
  const { dialect } = await headerOf(path, actual, delimiter ?? null);
  const { names } = dialect;
  requireDistinct(file, names);
  let rows: (readonly Cell[])[] = [];
  let before = 0;
  const taken = (): RawRows => {
    const columns = new Map(names.map((name, at) => [name, rows.map((cells) => cells[at]!)] as const));
    const batch = { file, before, rows: rows.length, columns };
    before += rows.length;
    rows = [];
    return batch;
  };
  for await (const records of recordsOf(path, actual, dialect))
    for (const cells of records) {
      rows.push(cells);
      if (rows.length === most) yield taken();
    }
  if (rows.length > 0) yield taken();
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
    const list = names.map((name) => expressionOf(columns.get(name)!, typeOf.get(name))).join(", ");
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
