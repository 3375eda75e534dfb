import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, it } from "vitest";
import { failure, read, valuesOf } from "../read-table.fixture.ts";
import { type Table, typeOf } from "../table.ts";

it("reads what the query selects from the table source", async () => {
  const table = await query("SELECT a * 2 AS twice, t FROM source WHERE a > 1 ORDER BY a DESC -- the end");
  expect([valuesOf(table, "twice"), valuesOf(table, "t")]).toEqual([
    [6, 4],
    ["z", "y"],
  ]);
});

it("gives the query the columns as they were decided: numbers, texts, dates, and mixtures as text", async () => {
  const csv = 'n,i,t,m,d\n"1,000.5",1,yes,7,2026-01-31\n,2,NA,?,\n';
  const sql =
    "SELECT typeof(n) AS n, typeof(i) AS i, typeof(t) AS t, typeof(m) AS m, typeof(d) AS day_type, n + 1 AS more, " +
    "TRY_CAST(m AS DOUBLE) AS cast, extract(day FROM d) AS day FROM source";
  const table = await read("source.csv", csv, { query: sql, reading: { types: { d: "date" } } });
  const types = ["n", "i", "t", "m", "day_type"].map((name) => valuesOf(table, name)[0]);
  expect(types).toEqual(["DOUBLE", "BIGINT", "VARCHAR", "VARCHAR", "TIMESTAMP"]);
  expect(valuesOf(table, "more")).toEqual([1001.5, Number.NaN]);
  expect(valuesOf(table, "cast")).toEqual([7, Number.NaN]);
  expect(valuesOf(table, "day")).toEqual([31, Number.NaN]);
}, 60_000);

it("takes the types of the result as they are: text stays text, dates are days", async () => {
  const table = await query(
    "SELECT CAST(a AS VARCHAR) AS code, DATE '1970-01-03' AS day, a > 1 AS flag, a FROM source",
  );
  expect(table.columns.map(typeOf)).toEqual(["text", "date", "boolean", "integer"]);
  expect(valuesOf(table, "day")).toEqual([2, 2, 2]);
  expect(table.notes).toEqual([
    expect.stringContaining("column 'code' is text by its type, and yet every value is a number"),
  ]);
});

it("refuses columns of the result that no algorithm takes only where they are used", async () => {
  const table = await query("SELECT a, [a, 2] AS list FROM source");
  expect(table.columns.map(typeOf)).toEqual(["integer", "other"]);
});

describe("repeats itself on any day", () => {
  it("also with random(), which is seeded, and with a sample that has a seed", async () => {
    for (const sql of [
      "SELECT a, random() AS r FROM source",
      "SELECT a FROM source USING SAMPLE 2 ROWS (reservoir, 42)",
    ])
      expect(await query(sql)).toEqual(await query(sql));
  });

  it("for what stays: the distance of two dates, and a column that has the name of a function", async () => {
    await query("SELECT extract(year FROM age(DATE '2026-01-01', DATE '2020-01-01')) AS y, a FROM source");
    const table = await read("named.csv", "current_date,a\nx,1\ny,2\n", {
      query: "SELECT current_date, a FROM source",
    });
    expect(valuesOf(table, "current_date")).toEqual(["x", "y"]);
  });

  it.each([
    "SELECT a, extract(epoch FROM now()) AS e FROM source",
    "SELECT a, CURRENT_DATE AS d FROM source",
    "SELECT a FROM source WHERE (SELECT max(x) FROM (SELECT current_timestamp AS x)) IS NOT NULL",
    "WITH w AS (SELECT a, uuid() AS u FROM source) SELECT * FROM w",
    "SELECT a FROM source ORDER BY gen_random_uuid()",
    "SELECT a, age(TIMESTAMP '2020-01-01') AS y FROM source",
    "SELECT a, ago(INTERVAL 1 DAY) AS y FROM source",
    "SELECT reservoir_quantile(a, 0.5, 2) AS q FROM source",
    "SELECT a FROM source TABLESAMPLE 50%",
    "SELECT * FROM source USING SAMPLE 20%",
    "SELECT a, current_setting('threads') AS s FROM source",
    "SELECT a, version() AS v FROM source",
    "SELECT a, user AS u FROM source",
    "SELECT list_transform([a], x -> uuid()) AS l, a FROM source",
  ])("or is refused: %s", async (sql) => {
    expect((await failure(query(sql))).reason).toBe("QUERY_VOLATILE");
  });

  it("refuses each function that DuckDB lists as volatile, but for random()", async () => {
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    const listed = await connection.runAndReadAll(
      "SELECT DISTINCT function_name, len(parameters) FROM duckdb_functions() WHERE stability IN ('VOLATILE', 'CONSISTENT_WITHIN_QUERY')",
    );
    connection.closeSync();
    instance.closeSync();
    const calls = listed
      .getRowsJS()
      .map(([name, count]) => [String(name), new Array(Number(count)).fill("a").join(", ")]);
    expect(calls.length).toBeGreaterThan(20);
    for (const [name, args] of calls) {
      if (name === "random") continue;
      const error = await failure(query(`SELECT a, ${name}(${args}) AS x FROM source`));
      expect([name, error.reason, error.message]).toEqual([
        name,
        "QUERY_VOLATILE",
        expect.stringContaining(`${name}()`),
      ]);
    }
  }, 120_000);
});

describe("reaches nothing outside", () => {
  it.each([
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd.csv'",
    "SELECT content FROM read_text('/etc/passwd')",
    "SELECT content FROM read_blob('/proc/self/environ')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
    "SELECT * FROM query('SELECT now()')",
    "SELECT * FROM duckdb_secrets()",
    "SELECT setting FROM pg_catalog.pg_settings WHERE name = 'temp_directory'",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM duckdb_databases",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM main.source",
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
  ])("and is one SELECT, or is refused: %s", async (sql) => {
    const { reason } = await failure(query(sql));
    expect(["QUERY_REFUSED", "QUERY_FAILED"]).toContain(reason);
  });

  it("and cannot be left by closing the parenthesis that is put around it", async () => {
    expect((await failure(query("SELECT * FROM source) AS s; DROP TABLE source; --"))).reason).toBe("QUERY_FAILED");
  });
});

it("says what is wrong with SQL that fails", async () => {
  const error = await failure(query("SELECT b FROM source"));
  expect([error.reason, error.message]).toEqual(["QUERY_FAILED", expect.stringContaining('"b" not found')]);
  expect((await failure(query("SELECT a, t AS a FROM source"))).reason).toBe("COLUMN_REPEATED");
});

async function query(sql: string): Promise<Table> {
  return read("source.csv", "a,t\n1,x\n2,y\n3,z\n", { query: sql });
}

it("takes tables that the query itself names, and integers beyond 64 bits", async () => {
  const table = await query(
    "WITH w AS (SELECT a FROM source), v AS (SELECT * FROM w) SELECT v.a FROM v JOIN w USING (a) ORDER BY a",
  );
  expect(valuesOf(table, "a")).toEqual([1, 2, 3]);
  const large = await read("large.csv", "a\n18446744073709551615\n1\n", { query: "SELECT a FROM source" });
  expect(valuesOf(large, "a")).toEqual([2 ** 64, 1]);
});

it("tells what the reading of the files noticed", async () => {
  const table = await read("index.csv", ",a\n0,1\n", { query: "SELECT * FROM source" });
  expect(table.notes).toEqual([expect.stringContaining("column 1 has no name")]);
});

it("reaches into what JSON nests", async () => {
  const rows = '[{"v":1,"addr":{"city":"Rome"},"tags":["a","b"]},{"v":2,"addr":null}]';
  const table = await read("nested.json", rows, {
    query: "SELECT v, addr->>'city' AS city, tags->>1 AS tag FROM source",
  });
  expect([valuesOf(table, "city"), valuesOf(table, "tag")]).toEqual([
    ["Rome", ""],
    ["b", ""],
  ]);
});
