/**
 * Parquet files as columns, by the types that each file declares.
 * @module
 */
import { basename } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { AppError } from "@mintmark/errors";
import { requireDistinct, requireSame } from "../column-names.ts";
import { pathLiteral, type Reader, summaryOf } from "../duckdb.ts";
import type { Rules } from "../read-options.ts";
import type { Table } from "../table.ts";
import { requireFile } from "../text-of-file.ts";
import { describe, readTyped, type TypedRelation } from "../typed-columns.ts";

/** @throws AppError DATA_FILE_NOT_FOUND, DATA_MALFORMED, COLUMN_REPEATED, COLUMNS_DIFFER */
export async function readParquet({ connection }: Reader, paths: readonly string[], rules: Rules): Promise<Table> {
  const { relations, names, notes } = await openParquet(connection, paths);
  const table = await readTyped(connection, relations, names, rules);
  return { ...table, notes: [...notes, ...table.notes] };
}

export interface ParquetFiles {
  readonly relations: readonly TypedRelation[];
  /** Of the columns, in the order of the first file. */
  readonly names: readonly string[];
  readonly notes: readonly string[];
}

/** The files by their own word: columns and types, and which of them pandas calls the index. */
export async function openParquet(connection: DuckDBConnection, paths: readonly string[]): Promise<ParquetFiles> {
  const relations: TypedRelation[] = [];
  const indexes = new Set<string>();
  for (const path of paths) {
    await requireFile(path);
    const { relation, index } = await openFile(connection, path);
    relations.push(relation);
    for (const name of index) indexes.add(name);
  }
  const [first, ...others] = relations.map(({ file, columns }) => ({ file, names: columns.map(({ name }) => name) }));
  requireSame(first!, others);
  const { names } = first!;
  const kept = names.filter((name) => !indexes.has(name));
  const left = names.filter((name) => indexes.has(name));
  return {
    relations,
    names: kept,
    notes: left.map((name) => `column '${name}' is the index of a pandas frame: left out`),
  };
}

async function openFile(
  connection: DuckDBConnection,
  path: string,
): Promise<{ relation: TypedRelation; index: readonly string[] }> {
  const file = basename(path);
  try {
    // DuckDB would call the second of two `a` by another name.
    const schema = await connection.runAndReadAll(
      `SELECT name, num_children FROM parquet_schema(${pathLiteral(path)})`,
    );
    requireDistinct(file, topLevel(schema.getRowsJS()));
    const select = `SELECT * FROM read_parquet(${pathLiteral(path)}, hive_partitioning = false)`;
    return {
      relation: { file, select, columns: await describe(connection, select) },
      index: await indexOf(connection, path),
    };
  } catch (error) {
    if (!(error instanceof Error) || error instanceof AppError) throw error;
    const problem = summaryOf(error).replaceAll(path, file);
    throw new AppError("DATA_MALFORMED", { file, problem }, { cause: error });
  }
}

/** The names of the root's children; a schema is listed depth first. */
function topLevel(rows: readonly (readonly unknown[])[]): string[] {
  const names: string[] = [];
  const skip = (at: number): number => {
    let next = at + 1;
    for (let child = Number(rows[at]![1] ?? 0); child > 0; child--) next = skip(next);
    return next;
  };
  for (let at = 1; at < rows.length; at = skip(at)) names.push(String(rows[at]![0]));
  return names;
}

/** The columns that pandas wrote for the labels of the rows, by the file's own word. */
async function indexOf(connection: DuckDBConnection, path: string): Promise<string[]> {
  const metadata = await connection.runAndReadAll(
    `SELECT decode(value) FROM parquet_kv_metadata(${pathLiteral(path)}) WHERE decode(key) = 'pandas'`,
  );
  const [row] = metadata.getRowsJS();
  if (row === undefined) return [];
  try {
    const { index_columns: columns } = JSON.parse(String(row[0])) as { index_columns?: unknown };
    return Array.isArray(columns) ? columns.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}
