/**
 * For tests of reading: files by name and content, in a folder of the test's own.
 * @module
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { AppError } from "@mintmark/errors";
import { afterAll, beforeAll } from "vitest";
import type { ReadOptions } from "./read-options.ts";
import { readTable } from "./read-table.ts";
import { findColumn, type Table } from "./table.ts";

export let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "mintmark-read-"));
});
afterAll(() => rm(directory, { recursive: true }));

export async function write(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(directory, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return path;
}

/** The rows of the SELECT as a file of Parquet. */
export async function parquet(name: string, select: string, options = ""): Promise<string> {
  const path = join(directory, name);
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet${options})`);
  connection.closeSync();
  instance.closeSync();
  return path;
}

export async function read(
  name: string,
  content: string | Uint8Array,
  options: Omit<ReadOptions, "files"> = {},
): Promise<Table> {
  return readTable({ files: [await write(name, content)], ...options });
}

export function valuesOf(table: Table, name: string): readonly (number | string)[] {
  const column = findColumn(table, name);
  if (column === undefined || column.type === "unusable") throw new Error(`no usable column ${name}`);
  return [...column.values];
}

export async function failure(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof AppError) return error;
  throw new Error("expected an AppError", { cause: error });
}
