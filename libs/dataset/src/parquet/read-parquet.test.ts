import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { readRows } from "../read-rows.ts";
import { failure, parquet, valuesOf, write } from "../read-table.fixture.ts";
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

// Written by pyarrow 23: decimal256(50, 3) as x, and y.
const decimals = fileURLToPath(new URL("fixtures/decimal256.parquet", import.meta.url));

it("refuses decimals beyond 38 digits, which DuckDB reads as other numbers, also as texts, in queries and of a model", async () => {
  const message = "column 'x' is of type DECIMAL(50,3), and decimals of more than 38 digits are not read";
  for (const types of [{}, { x: "text" as const }]) {
    const column = findColumn(await readTable({ files: [decimals], reading: { types } }), "x");
    expect(column?.type === "unusable" && column.error.message).toContain(message);
  }
  const query = "SELECT x FROM source";
  expect((await failure(readTable({ files: [decimals], query }))).message).toContain(message);
  const columns = [{ name: "x", type: "number", optional: false }] as const;
  const asked = async () => {
    for await (const _ of readRows([decimals], 10, { columns }));
  };
  expect((await failure(asked())).message).toContain(message);
  expect(valuesOf(await readTable({ files: [decimals], reading: { drop: ["x"] } }), "y")).toEqual([1.5, 2, 3, 4]);
});

it("leaves out a column without a name, and says so", async () => {
  // Written by pyarrow 23: "", x and y.
  const path = fileURLToPath(new URL("fixtures/nameless.parquet", import.meta.url));
  const table = await readTable({ files: [path] });
  expect(table.columns.map(({ name }) => name)).toEqual(["x", "y"]);
  expect(table.notes).toEqual([expect.stringContaining("column 1 has no name")]);
});

it("takes numbers of a declared column as they are: no mark of the text, and no digit of a shorter type, counts", async () => {
  const path = await parquet("float.parquet", "SELECT 0.1::FLOAT AS x, 1.234::DOUBLE AS y, 2::INTEGER AS n");
  const types = { x: "number", y: "number", n: "number" } as const;
  const table = await readTable({ files: [path], reading: { types, decimal: "," } });
  expect(["x", "y", "n"].map((name) => valuesOf(table, name)[0])).toEqual([Math.fround(0.1), 1.234, 2]);
  const wrong = await readTable({ files: [path], reading: { types: { y: "integer", n: "boolean" } } });
  const problems = ["y", "n"].map((name) => {
    const column = findColumn(wrong, name);
    return column?.type === "unusable" && column.error.message;
  });
  expect(problems).toEqual([
    expect.stringContaining("is integer by data.types, but row 1 of float.parquet holds '1.234'"),
    expect.stringContaining("is boolean by data.types, but row 1 of float.parquet holds '2'"),
  ]);
});

it("keeps a U+FEFF at the beginning of a text", async () => {
  const path = await parquet("mark.parquet", "SELECT chr(65279) || 'a' AS x");
  expect(valuesOf(await readTable({ files: [path] }), "x")).toEqual(["\uFEFFa"]);
  for await (const { columns } of readRows([path], 10)) expect(columns.get("x")).toEqual(["\uFEFFa"]);
});

it("refuses what is damaged, wherever it is, by training and by a model", async () => {
  const path = await parquet("whole.parquet", "SELECT i * 1.5 AS x, [i] AS l FROM range(5000) AS r(i)");
  const bytes = await readFile(path);
  const page = await write("page.parquet", Buffer.from(bytes).fill(0xff, 60, 400));
  const cut = await write("cut.parquet", bytes.subarray(1000));
  const asked = async (file: string) => {
    for await (const _ of readRows([file], 10));
  };
  for (const file of [page, cut]) {
    const query = "SELECT l[1] AS x FROM source";
    const attempts = [() => readTable({ files: [file] }), () => readTable({ files: [file], query }), () => asked(file)];
    for (const attempt of attempts)
      expect(await failure(attempt())).toMatchObject({
        reason: "DATA_MALFORMED",
        message: expect.stringMatching(/^(page|cut)\.parquet: it is no Parquet, or damaged/),
      });
  }
});

it("lets a query reach into lists and structs", async () => {
  const path = await parquet("nested.parquet", "SELECT {'a': 5} AS s, [1, 2] AS l");
  const table = await readTable({ files: [path], query: "SELECT s.a AS a, l[2] AS second FROM source" });
  expect([valuesOf(table, "a"), valuesOf(table, "second")]).toEqual([[5], [2]]);
});
