/**
 * Reads files as the worker does, or as DuckDB does by itself, and prints how long that took and what it held: for
 * `reading.ts`, in a process of its own so that its memory is its own.
 * @module
 */
import { DuckDBInstance } from "@duckdb/node-api";
import { readTable, type Table } from "@mintmark/dataset";

const [who, ...files] = process.argv.slice(2);
const before = process.resourceUsage().maxRSS;
const began = performance.now();
const table = who === "ours" ? await readTable({ files }) : await readAlone(files);
const seconds = (performance.now() - began) / 1_000;
const peakMiB = (process.resourceUsage().maxRSS - before) / 1024;
console.log(JSON.stringify({ seconds, peakMiB, columnsMiB: table === undefined ? 0 : sizeOf(table) / 2 ** 20 }));

/** Every row looked at; the result stays in DuckDB's memory. */
async function readAlone(paths: readonly string[]): Promise<undefined> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const list = paths.map((path) => `'${path}'`).join(", ");
  await connection.run(`CREATE TABLE t AS SELECT * FROM read_csv([${list}], sample_size = -1)`);
  connection.closeSync();
  instance.closeSync();
}

/** 8 bytes a number; a text as 8 bytes of reference, and its characters once. */
function sizeOf({ columns }: Table): number {
  return columns.reduce((sum, column) => {
    if (column.type === "unusable") throw column.error;
    if (column.type === "number") return sum + column.values.byteLength;
    return sum + 8 * column.values.length + [...new Set(column.values)].join("").length;
  }, 0);
}
