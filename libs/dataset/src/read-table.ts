/**
 * Reads data: CSV, Parquet or JSON files, and SQL of the user over them. DuckDB reads; what a column is, is decided here,
 * from every row of every file, and by nothing else: not by the first file, a sample, or the name of a folder.
 *
 * Deterministic: the rows in the order of the files, so that the same bytes give the same table.
 * @module
 */
import { basename } from "node:path";
import { AppError } from "@mintmark/errors";
import { nearest } from "@mintmark/training-file";
import { readCsv } from "./csv/read-csv.ts";
import { type Reader, withReader } from "./duckdb.ts";
import { type Format, formatOf } from "./format.ts";
import { readJson } from "./json/read-json.ts";
import { openParquet, readParquet } from "./parquet/read-parquet.ts";
import { parquetAsSource, runQuery, tableAsSource } from "./query/run-query.ts";
import { type ReadOptions, type Rules, rulesOf } from "./read-options.ts";
import type { Table, UnusableColumn } from "./table.ts";
import { readTyped } from "./typed-columns.ts";

/**
 * The rows of the files, or of the query over them.
 * @throws AppError DATA_FILE_NOT_FOUND, DATA_FORMAT_UNKNOWN, DATA_FORMATS_MIXED, DATA_MALFORMED, COLUMN_REPEATED,
 * COLUMNS_DIFFER, COLUMN_UNKNOWN, QUERY_REFUSED, QUERY_VOLATILE, QUERY_FAILED
 */
export async function readTable(options: ReadOptions): Promise<Table> {
  const format = oneFormat(options.files);
  const rules = rulesOf(options);
  const query = options.query ?? null;
  return withReader(async (reader) => {
    if (query === null) {
      const table = await readFiles(reader, format, options.files, rules);
      requireKnown(namesOf(table), options);
      return withoutDropped(table, rules);
    }
    const source = await loadSource(reader, format, options.files, rules);
    const table = await runQuery(reader.connection, query, rules).catch((error: unknown) => {
      // A column that is not in the source is only unknown to DuckDB.
      throw source.leftOut.find(({ name }) => query.includes(name))?.error ?? error;
    });
    requireKnown([...source.names, ...namesOf(table)], options);
    return withoutDropped({ ...table, notes: [...source.notes, ...table.notes] }, rules);
  });
}

function readFiles(reader: Reader, format: Format, files: readonly string[], rules: Rules): Promise<Table> {
  switch (format) {
    case "csv":
      return readCsv(reader, files, rules);
    case "json":
      return readJson(reader, files, rules);
    case "parquet":
      return readParquet(reader, files, rules);
    default:
      return format satisfies never;
  }
}

interface Source {
  /** Columns that cannot be read at all. */
  readonly leftOut: readonly UnusableColumn[];
  /** Of its columns. */
  readonly names: readonly string[];
  /** What the reading of the files noticed. */
  readonly notes: readonly string[];
}

/** Makes the table `source`. */
async function loadSource(reader: Reader, format: Format, files: readonly string[], rules: Rules): Promise<Source> {
  const { connection } = reader;
  if (format !== "parquet") {
    const table = await readFiles(reader, format, files, rules);
    await tableAsSource(connection, table);
    return { leftOut: [], names: namesOf(table), notes: table.notes };
  }
  const parquet = await openParquet(connection, files);
  const table = await readTyped(connection, parquet.relations, parquet.names, rules);
  await parquetAsSource(connection, parquet, table);
  const unusable = table.columns.filter((column) => column.type === "unusable");
  const leftOut = unusable.filter(({ error }) => error.reason === "COLUMN_TOO_PRECISE");
  return { leftOut, names: namesOf(table), notes: [...parquet.notes, ...table.notes] };
}

function namesOf({ columns }: Table): string[] {
  return columns.map(({ name }) => name);
}

function oneFormat(files: readonly string[]): Format {
  const [first] = files;
  if (first === undefined) throw new TypeError(`"files" expected at least one path, got none`);
  const formats = new Set<Format>(files.map(formatOf));
  if (formats.size > 1) throw new AppError("DATA_FORMATS_MIXED", { files: files.map((file) => basename(file)) });
  return formatOf(first);
}

/** A name that is misspelt under `types` or `drop` must not pass for one that is well as it is. */
function requireKnown(names: readonly string[], { reading }: ReadOptions): void {
  const fields = { "data.types": Object.keys(reading?.types ?? {}), "data.drop": reading?.drop ?? [] };
  for (const [field, columns] of Object.entries(fields))
    for (const column of columns)
      if (!names.includes(column))
        throw new AppError("COLUMN_UNKNOWN", { field, column, suggestion: nearest(column, names) });
}

function withoutDropped(table: Table, { drop }: Rules): Table {
  return { ...table, columns: table.columns.filter(({ name }) => !drop.has(name)) };
}
