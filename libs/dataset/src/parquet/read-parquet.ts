/**
 * Parquet files as columns, by the types that each file declares.
 * @module
 */
import { basename } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { AppError } from "@mintmark/errors";
import { isNameless, requireDistinct, requireSame, unnamed } from "../column-names.ts";
import { pathLiteral, type Reader, summaryOf } from "../duckdb.ts";
import type { Rules } from "../read-options.ts";
import type { Table } from "../table.ts";
import { requireFile } from "../text-of-file.ts";
import { byName, describe, readTyped, type TypedRelation } from "../typed-columns.ts";

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

/** The files by their own word: columns and types, which of them pandas calls the index, and which have no name. */
export async function openParquet(connection: DuckDBConnection, paths: readonly string[]): Promise<ParquetFiles> {
  const files: OpenedFile[] = [];
  for (const path of paths) {
    await requireFile(path);
    files.push(await openFile(connection, path));
  }
  const relations = files.map(({ relation }) => relation);
  const indexes = new Set(files.flatMap(({ index }) => index));
  const [first, ...others] = relations.map(({ file, columns }) => ({ file, names: [...columns.keys()] }));
  requireSame(first!, others);
  const { names } = first!;
  const kept = names.filter((name) => !indexes.has(name));
  const left = names.filter((name) => indexes.has(name));
  return {
    relations,
    names: kept,
    notes: [
      ...unnamed(files[0]!.unnamed),
      ...left.map((name) => `column '${name}' is the index of a pandas frame: left out`),
    ],
  };
}

// DuckDB's planning is quadratic in the columns that a query asks for: 20,000 at once take 14 s.
const mostColumnsAQuery = 1_024;

interface OpenedFile {
  readonly relation: TypedRelation;
  readonly index: readonly string[];
  /** The positions of columns without a name, from 1. */
  readonly unnamed: readonly number[];
}

async function openFile(connection: DuckDBConnection, path: string): Promise<OpenedFile> {
  const file = basename(path);
  const malformed = (error: Error) => {
    const problem = `it is no Parquet, or damaged: ${summaryOf(error).replaceAll(path, file)}`;
    return new AppError("DATA_MALFORMED", { file, problem }, { cause: error });
  };
  try {
    const schema = await connection.runAndReadAll(
      `SELECT name, num_children, precision, scale FROM parquet_schema(${pathLiteral(path)})`,
    );
    const fields = fieldsOf(schema.getRowsJS());
    // DuckDB would call the second of two `a` by another name, and one without a name by its position.
    requireDistinct(
      file,
      fields.map(({ name }) => name),
    );
    const from = `read_parquet(${pathLiteral(path)}, hive_partitioning = false)`;
    const described = await describe(connection, `SELECT * FROM ${from}`);
    const columns = described.flatMap((column, at) => {
      const { name, tooPrecise } = fields[at]!;
      if (isNameless(name)) return [];
      return [tooPrecise === null ? column : ({ ...column, sqlType: tooPrecise, kind: "unreadable" } as const)];
    });
    return {
      relation: { file, from, columns: byName(columns), malformed, atOnce: mostColumnsAQuery },
      index: await indexOf(connection, path),
      unnamed: fields.flatMap(({ name }, at) => (isNameless(name) ? [at + 1] : [])),
    };
  } catch (error) {
    if (!(error instanceof Error) || error instanceof AppError) throw error;
    throw malformed(error);
  }
}

/** A child of the root, as the file's own schema has it. */
interface Field {
  readonly name: string;
  /** Its type, if it has decimals anywhere that DuckDB reads as other numbers and says nothing. */
  readonly tooPrecise: string | null;
}

/** What DuckDB's decimals have at most. */
const mostDigits = 38;

/** A schema is listed depth first. */
function fieldsOf(rows: readonly (readonly unknown[])[]): Field[] {
  const fields: Field[] = [];
  const skip = (at: number): number => {
    let next = at + 1;
    for (let child = Number(rows[at]![1] ?? 0); child > 0; child--) next = skip(next);
    return next;
  };
  for (let at = 1, next = at; at < rows.length; at = next) {
    next = skip(at);
    const decimal = rows.slice(at, next).find(([, , precision]) => Number(precision ?? 0) > mostDigits);
    fields.push({
      name: String(rows[at]![0]),
      tooPrecise: decimal === undefined ? null : `DECIMAL(${decimal[2]},${decimal[3] ?? 0})`,
    });
  }
  return fields;
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
