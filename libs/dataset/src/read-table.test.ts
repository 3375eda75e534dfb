import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { AppError } from "@mintmark/errors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTable } from "./read-table.ts";
import { findColumn, type Table } from "./table.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "mintmark-read-"));
});
afterAll(() => rm(directory, { recursive: true }));

describe("files", () => {
  it("reads CSV in the order of the file, with types from every row", async () => {
    const late = `n,t\n${"1,a\n".repeat(30_000)}x,b\n`;
    const table = await read("late.csv", late);
    expect(table.rows).toBe(30_001);
    expect(findColumn(table, "n")).toMatchObject({ type: "text", sqlType: "VARCHAR" });
    expect(valuesOf(table, "t").at(-1)).toBe("b");
  });

  it("tells integers, real numbers and booleans apart, and makes numbers of them", async () => {
    const table = await read("types.csv", "i,r,b\n1,0.5,true\n2,1,false\n");
    expect(table.columns).toEqual([
      { type: "number", name: "i", values: Float64Array.of(1, 2), measure: "integer", sqlType: "BIGINT" },
      { type: "number", name: "r", values: Float64Array.of(0.5, 1), measure: "real", sqlType: "DOUBLE" },
      { type: "number", name: "b", values: Float64Array.of(1, 0), measure: "boolean", sqlType: "BOOLEAN" },
    ]);
  });

  it("reads what is missing as NaN in numbers and as the empty text", async () => {
    const table = await read("missing.csv", 'n,t\n,x\n2,\n3,""\n');
    expect(valuesOf(table, "n")).toEqual([Number.NaN, 2, 3]);
    expect(valuesOf(table, "t")).toEqual(["x", "", ""]);
  });

  it("keeps a column of dates as one that cannot be read, because the job may not use it", async () => {
    const table = await read("dates.csv", "d,x\n2026-01-01,1\n");
    expect(findColumn(table, "d")).toEqual({ type: "unreadable", name: "d", sqlType: "DATE" });
    expect(valuesOf(table, "x")).toEqual([1]);
  });

  it("takes no line for a comment or a preamble", async () => {
    expect(valuesOf(await read("hash.csv", "#id,x\n#1,1\n#2,2\n"), "#id")).toEqual(["#1", "#2"]);
  });

  it.each([
    ["semicolons", "a;b\n1;2\n"],
    ["tabs", "a\tb\n1\t2\n"],
    ["a byte order mark", "\uFEFFa,b\n1,2\n"],
    ["lines of Windows", "a,b\r\n1,2\r\n"],
    ["empty lines", "a,b\n\n1,2\n\n"],
  ])("reads CSV with %s", async (what, text) => {
    const table = await read(`${what.replaceAll(" ", "-")}.csv`, text);
    expect([valuesOf(table, "a"), valuesOf(table, "b")]).toEqual([[1], [2]]);
  });

  it("refuses two columns of one name, which DuckDB would tell apart by renaming one", async () => {
    const message = async (content: string) => (await failure(read("twice.csv", content))).message;
    expect(await message("a,b,a\n1,2,3\n")).toBe(
      "twice.csv has more than one column 'a'; rename one in its first line",
    );
    expect(await message('\uFEFFAge;"x;""y""";age\n1;2;3\n')).toMatch(
      "columns 'Age' and 'age', which differ by case only",
    );
    expect(await message('"q;""r""";c;"q;""r"""\n1;2;3\n')).toMatch(`more than one column 'q;"r"'`);
    const apart = await read("apart.csv", '"a,b",a,"b"\n1,2,3\n');
    expect(apart.columns.map(({ name }) => name)).toEqual(["a,b", "a", "b"]);
  });

  it("reads compressed CSV, JSON and JSON lines", async () => {
    expect(valuesOf(await read("a.csv.gz", gzipSync("a;b\n1;2\n")), "b")).toEqual([2]);
    expect(valuesOf(await read("a.json", '[{"a":1,"b":"x"},{"a":2.5,"b":null}]'), "b")).toEqual(["x", ""]);
    expect(valuesOf(await read("a.jsonl", '{"a":1}\n{"a":2}\n'), "a")).toEqual([1, 2]);
  });

  it("reads Parquet, with categories and decimals", async () => {
    const path = join(directory, "a.parquet");
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    await connection.run(
      `COPY (SELECT i, 0.25::DECIMAL(4,2) AS d, 'x'::ENUM('x', 'y') AS e FROM range(5000) AS r(i)) TO '${path}'`,
    );
    connection.closeSync();
    instance.closeSync();
    const table = await readTable({ files: [path] });
    expect(valuesOf(table, "i")).toEqual(Array.from({ length: 5000 }, (_, index) => index));
    expect([valuesOf(table, "d")[0], valuesOf(table, "e")[0]]).toEqual([0.25, "x"]);
  });

  it("reads several files one after the other", async () => {
    const files = await Promise.all([write("2.csv", "a\n3\n4\n"), write("1.csv", "a\n1\n2\n")]);
    expect(valuesOf(await readTable({ files }), "a")).toEqual([3, 4, 1, 2]);
  });

  it.each([
    ["a row that is too short", "a,b,c\n1,2,3\n4,5\n", "Line: 3"],
    ["a row that is too long", "a,b\n1,2\n3,4,5\n", "Expected Number of Columns: 2 Found: 3"],
    ["a quote that does not end", 'a,b\n"x,1\n', "unterminated quote"],
    ["a title above the names", "my data\na,b\n1,2\n", "Line: 2"],
    ["bytes that are not UTF-8", Buffer.from("a\ncaf\xE9\n", "latin1"), "not utf-8"],
  ])("refuses %s and says where", async (_, text, problem) => {
    const error = await failure(read("broken.csv", text));
    expect([error.reason, error.message]).toEqual(["DATA_MALFORMED", expect.stringContaining(problem)]);
    expect(error.message).not.toContain(directory);
  });

  it("refuses JSON that breaks off, a file that is not there, an unknown format and a mixture", async () => {
    const mixture = readTable({ files: [await write("m.csv", "a\n1\n"), await write("m.json", "[]")] });
    const failures = [
      read("broken.json", '[{"a":1'),
      readTable({ files: [join(directory, "none.csv")] }),
      read("a.xlsx", ""),
      mixture,
    ];
    const reasons = (await Promise.all(failures.map(failure))).map((error) => error.reason);
    expect(reasons).toEqual(["DATA_MALFORMED", "DATA_FILE_NOT_FOUND", "DATA_FORMAT_UNKNOWN", "DATA_FORMATS_MIXED"]);
  });
});

describe("queries", () => {
  it("reads what the query selects from the table source", async () => {
    const table = await query("SELECT a * 2 AS twice, t FROM source WHERE a > 1 ORDER BY a DESC -- the end");
    expect([valuesOf(table, "twice"), valuesOf(table, "t")]).toEqual([
      [6, 4],
      ["z", "y"],
    ]);
  });

  it("gives the same rows each time, also by random()", async () => {
    const sample = "SELECT a, random() AS r FROM source";
    expect(await query(sample)).toEqual(await query(sample));
  });

  it.each([
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd.csv'",
    "SELECT content FROM read_text('/etc/passwd')",
    "SELECT content FROM read_blob('/proc/self/environ')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM read_csv('https://example.com/a.csv')",
    "COPY source TO '/tmp/leak.csv'",
    "ATTACH '/tmp/other.db'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "SET threads = 8",
    "RESET lock_configuration",
    "PRAGMA database_list",
    "DROP TABLE source",
    "CREATE SECRET (TYPE s3)",
    "EXPORT DATABASE '/tmp/leak'",
    "SELECT 1; SELECT 2",
    "",
  ])("refuses what reaches outside or is no single SELECT: %s", async (sql) => {
    const { reason } = await failure(query(sql));
    expect(["QUERY_REFUSED", "QUERY_FAILED"]).toContain(reason);
  });

  it("cannot be left by closing the parenthesis that is put around it", async () => {
    expect((await failure(query("SELECT * FROM source) AS s; DROP TABLE source; --"))).reason).toBe("QUERY_FAILED");
  });

  it("says what is wrong with SQL that fails", async () => {
    const error = await failure(query("SELECT b FROM source"));
    expect([error.reason, error.message]).toEqual(["QUERY_FAILED", expect.stringContaining('"b" not found')]);
    expect((await failure(query("SELECT a, t AS a FROM source"))).reason).toBe("COLUMN_REPEATED");
  });
});

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

async function read(name: string, content: string | Uint8Array): Promise<Table> {
  return readTable({ files: [await write(name, content)] });
}

async function query(sql: string): Promise<Table> {
  return readTable({ files: [await write("source.csv", "a,t\n1,x\n2,y\n3,z\n")], query: sql });
}

function valuesOf(table: Table, name: string): readonly (number | string)[] {
  const column = findColumn(table, name);
  if (column === undefined || column.type === "unreadable") throw new Error(`no readable column ${name}`);
  return [...column.values];
}

async function failure(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof AppError) return error;
  throw new Error("expected an AppError", { cause: error });
}
