import { expect, it } from "vitest";
import { parquet, valuesOf } from "../read-table.fixture.ts";
import { readTable } from "../read-table.ts";

// DuckDB asks for it once in a process.
process.env["TZ"] = "America/New_York";

it("gives times with a zone in UTC, as days and as texts, wherever the machine stands", async () => {
  const path = await parquet("zoned.parquet", "SELECT TIMESTAMPTZ '1970-01-01 20:00:00+00' AS at");
  expect(valuesOf(await readTable({ files: [path] }), "at")).toEqual([20 / 24]);
  const text = await readTable({ files: [path], reading: { types: { at: "text" } } });
  expect(valuesOf(text, "at")).toEqual(["1970-01-01 20:00:00+00"]);
});
