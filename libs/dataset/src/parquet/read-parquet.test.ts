import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, it } from "vitest";
import { readRows } from "../read-rows.ts";
import { directory, failure, valuesOf } from "../read-table.fixture.ts";
import { readTable } from "../read-table.ts";
import { findColumn, typeOf } from "../table.ts";

it("reads integers, decimals, categories, booleans and dates by the types of the file", async () => {
  const path = await parquet(
    "a.parquet",
    "SELECT i, 0.25::DECIMAL(4,2) AS d, 'x'::ENUM('x', 'y') AS e, i % 2 = 0 AS b, DATE '1970-01-11' AS day, " +
      "TIMESTAMP '1970-01-01 06:00:00' AS at, '7' AS code, [i] AS list FROM range(5000) AS r(i)",
  );
  const table = await readTable({ files: [path] });
  expect(table.columns.map(typeOf)).toEqual(["integer", "number", "text", "boolean", "date", "date", "text", "other"]);
  expect(valuesOf(table, "i")).toEqual(Array.from({ length: 5000 }, (_, index) => index));
  const first = ["d", "e", "b", "day", "at", "code"].map((name) => valuesOf(table, name)[0]);
  expect(first).toEqual([0.25, "x", 1, 10, 0.25, "7"]);
});

it("takes integers in one file and reals in another as numbers, and a query sees all of them", async () => {
  const files = [
    await parquet("p1.parquet", "SELECT 10 AS amount, 1 AS y"),
    await parquet("p2.parquet", "SELECT 2 AS y, 0.25::DOUBLE AS amount"),
  ];
  expect(valuesOf(await readTable({ files }), "amount")).toEqual([10, 0.25]);
  const table = await readTable({ files, query: "SELECT sum(amount) AS s FROM source" });
  expect(valuesOf(table, "s")).toEqual([10.25]);
});

it("refuses what files say differently, but for a file whose column has no value", async () => {
  const numbers = await parquet("n.parquet", "SELECT 1 AS a");
  const flags = await parquet("b.parquet", "SELECT true AS a");
  const none = await parquet("none.parquet", "SELECT NULL::VARCHAR AS a");
  const column = findColumn(await readTable({ files: [numbers, flags] }), "a");
  expect(column?.type === "unusable" && column.error.message).toContain(
    "holds numbers and booleans: 'true' in row 1 of b.parquet, beside '1' in row 1 of n.parquet",
  );
  expect(valuesOf(await readTable({ files: [numbers, none] }), "a")).toEqual([1, Number.NaN]);
  const said = await readTable({ files: [numbers, flags], reading: { types: { a: "text" } } });
  expect(valuesOf(said, "a")).toEqual(["1", "true"]);
});

it("refuses names that repeat but for case, which DuckDB would tell apart by renaming one", async () => {
  const path = await parquet("twice.parquet", `SELECT 1 AS x, {'a': 1, 'b': 2} AS s, 2 AS "X "`);
  expect((await failure(readTable({ files: [path] }))).message).toBe(
    "twice.parquet has columns 'x' and 'X ', which differ by case and blanks only; rename one",
  );
});

it("leaves out the index of a pandas frame, and says so", async () => {
  const pandas = JSON.stringify({ index_columns: ["__index_level_0__"] });
  const path = await parquet(
    "index.parquet",
    "SELECT 1 AS x, 7 AS __index_level_0__",
    `, KV_METADATA {pandas: '${pandas}'}`,
  );
  const table = await readTable({ files: [path] });
  expect(table.columns.map(({ name }) => name)).toEqual(["x"]);
  expect(table.notes).toEqual(["column '__index_level_0__' is the index of a pandas frame: left out"]);
});

it("asks of Parquet what training saw of it: ids and dates as texts, decimal commas", async () => {
  const path = await parquet(
    "asked.parquet",
    "SELECT 9007199254740993::BIGINT AS id, DATE '2024-01-02' AS day, TIMESTAMP '1970-01-02 12:00:00' AS at, '1,25' AS n",
  );
  const types = { id: "text", day: "text", n: "number" } as const;
  const table = await readTable({ files: [path], reading: { types, decimal: "," } });
  expect(["id", "day", "at", "n"].map((name) => valuesOf(table, name)[0])).toEqual([
    "9007199254740993",
    "2024-01-02",
    1.5,
    1.25,
  ]);
  expect(findColumn(table, "n")).toMatchObject({ format: { decimal: "," } });
  const columns = [
    { name: "id", type: "text", optional: true },
    { name: "day", type: "text", optional: true },
    { name: "at", type: "date", optional: true },
  ] as const;
  for await (const { columns: asked } of readRows([path], 10, { columns }))
    expect(Object.fromEntries(asked)).toEqual({
      id: ["9007199254740993"],
      day: ["2024-01-02"],
      at: [1.5],
      n: ["1,25"],
    });
});

it("lets a query reach into lists and structs", async () => {
  const path = await parquet("nested.parquet", "SELECT {'a': 5} AS s, [1, 2] AS l");
  const table = await readTable({ files: [path], query: "SELECT s.a AS a, l[2] AS second FROM source" });
  expect([valuesOf(table, "a"), valuesOf(table, "second")]).toEqual([[5], [2]]);
});

async function parquet(name: string, select: string, options = ""): Promise<string> {
  const path = join(directory, name);
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet${options})`);
  connection.closeSync();
  instance.closeSync();
  return path;
}
