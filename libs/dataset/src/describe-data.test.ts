import { AppError } from "@mintmark/errors";
import { expect, it } from "vitest";
import { describeData } from "./describe-data.ts";
import { numberColumn, type TableColumn, unusableColumn } from "./table.ts";
import type { TrainingData } from "./training-data.ts";

const seven = [3, Number.NaN, -0, 0, 3, 1.5, -2];

it("counts the missing and the different values of a column, and shows its first", () => {
  expect(described(numberColumn("n", Float64Array.from(seven)))).toEqual({
    name: "n",
    type: "number",
    missing: 1,
    // 3, 0, 1.5 and −2: −0 is 0.
    distinct: 4,
    example: "3",
  });
  expect(described({ type: "text", name: "t", values: ["", "b", "a", "b"] })).toEqual({
    name: "t",
    type: "text",
    missing: 1,
    distinct: 2,
    example: "b",
  });
});

it("leaves the column as it was", () => {
  const column = numberColumn("n", Float64Array.from(seven));
  described(column);
  expect(Array.from(column.values)).toEqual(seven);
});

it("shows booleans and dates as what they are, long texts by their beginning, and nothing where there is nothing", () => {
  const example = (column: TableColumn) => described(column).example;
  expect(example(numberColumn("b", Float64Array.of(Number.NaN, 1, 0), { measure: "boolean" }))).toBe("true");
  expect(example(numberColumn("d", Float64Array.of(20_000), { measure: "date" }))).toBe("2024-10-04");
  expect(example(numberColumn("d", Float64Array.of(20_000.5), { measure: "date" }))).toBe("2024-10-04T12:00:00.000Z");
  expect(example({ type: "text", name: "t", values: ["x".repeat(500)] })).toBe(`${"x".repeat(99)}…`);
  expect(example({ type: "text", name: "t", values: ["", ""] })).toBe("");
  expect(example(numberColumn("n", Float64Array.of(Number.NaN)))).toBe("");
});

it("names the features and the target in the order of the data, and leaves out all others", () => {
  const columns: TableColumn[] = ["y", "unused", "b", "a"].map((name) => ({ type: "text", name, values: ["v"] }));
  columns.push(unusableColumn("list", "list", new AppError("FEATURES_MISSING", {})));
  const features = [columns[3], columns[2]] as TrainingData["features"];
  const data = { task: "classification", features, target: null, classes: null, warnings: ["w"] } as const;
  const answer = describeData({ rows: 1, columns, notes: [] }, data, "y");
  expect(answer.columns.map(({ name }) => name)).toEqual(["y", "b", "a"]);
  expect(answer).toMatchObject({ rows: 1, warnings: ["w"] });
});

function described(column: TableColumn) {
  const data = { task: "classification", features: [], target: null, classes: null, warnings: [] } as const;
  return describeData({ rows: 1, columns: [column], notes: [] }, data, column.name).columns[0]!;
}
