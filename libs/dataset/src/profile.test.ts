import { AppError } from "@mintmark/errors";
import { expect, it } from "vitest";
import { profileTable } from "./profile.ts";
import { unusableColumn } from "./table.ts";

it("counts what is there and what is missing, and leaves infinite values out of the figures", () => {
  const values = Float64Array.of(1, Number.NaN, 3, Number.POSITIVE_INFINITY);
  const profile = profileTable({
    rows: 4,
    columns: [
      { type: "number", name: "n", values, measure: "number" },
      { type: "text", name: "t", values: ["a", "", "a", "b"] },
      unusableColumn("d", "other", new AppError("COLUMN_TYPE_UNSUPPORTED", { column: "d", sqlType: "BLOB" })),
    ],
    notes: [],
  });
  expect(profile).toEqual([
    { name: "n", type: "number", count: 3, missing: 1, min: 1, max: 3, mean: 2 },
    { name: "t", type: "text", count: 3, missing: 1, distinct: 2 },
    { name: "d", type: "other", count: 4, missing: 0 },
  ]);
});

it("has a mean where a sum would overflow", () => {
  const values = Float64Array.of(1.5e308, 1.5e308);
  const columns = [{ type: "number", name: "n", values, measure: "number" }] as const;
  expect(profileTable({ rows: 2, columns, notes: [] })[0]?.mean).toBe(1.5e308);
});
