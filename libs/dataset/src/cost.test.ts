import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { costBattery, parser } from "@mintmark/testing/cost-battery";
import { nested, numbered, repeated } from "@mintmark/testing/hostile-text";
import { afterAll, beforeAll } from "vitest";
import { readTable } from "./read-table.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "mintmark-cost-"));
});
afterAll(() => rm(directory, { recursive: true }));

const reading = (name: string) => async (content: string | Uint8Array) => {
  const path = join(directory, name);
  await writeFile(path, content);
  return await readTable({ files: [path] });
};

/** A file of Parquet is made from its SELECT, which costs more than to read it. */
async function readParquet(select: string): Promise<unknown> {
  const path = join(directory, "a.parquet");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
  return await readTable({ files: [path] });
}

costBattery("training data", {
  "CSV file": parser({
    run: reading("a.csv"),
    size: 1 << 17,
    shapes: {
      "many columns": (size: number) =>
        `${numbered((index) => `c${index}`, ",")(size / 2)}\n${repeated("1,")(size / 4)}`,
      "many rows": repeated("1,2\n", "a,b\n"),
      "quotes in quotes": repeated('""', 'a,b\n"', '",1\n2,3\n'),
      "a quote that does not end": repeated("1,2\n", 'a,b\n1,"'),
      blanks: repeated(" ", "a,b\n", ",1\n"),
      "different texts": numbered((index) => `t${index},${index}`, "\n", "a,b\n"),
      "empty lines": repeated("\n", "a,b\n1,2\n"),
    },
  }),
  "JSON file": parser({
    run: reading("a.json"),
    size: 1 << 16,
    shapes: {
      "rows of other names each": numbered((index) => `{"k${index % 500}":1}`, "\n"),
      "lists in lists": nested("[", "]"),
      "objects in objects": nested('{"a":', "}"),
      "many rows": repeated('{"a":1,"b":2}\n'),
    },
  }),
  "packed CSV": parser({
    run: reading("a.csv.gz"),
    size: 1 << 20,
    shapes: { "many rows": (size: number) => gzipSync(`a,b\n${"1,2\n".repeat(size / 4)}`) },
  }),
  "Parquet file": parser({
    run: readParquet,
    size: 2_000,
    shapes: {
      "many columns": (size: number) =>
        `SELECT ${Array.from({ length: size }, (_, at) => `${at} AS c${at}`).join(", ")} FROM range(2)`,
      "many rows": (size: number) => `SELECT range AS a, 'x' || range AS b FROM range(${size * 20})`,
    },
  }),
});
