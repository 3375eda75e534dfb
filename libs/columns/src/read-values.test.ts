import { AppError } from "@mintmark/errors";
import { describe, expect, it } from "vitest";
import type { ColumnSchema, TableSchema } from "./column-schema.ts";
import { commaFormat } from "./number-text.ts";
import { readValues } from "./read-values.ts";

const age: ColumnSchema = { name: "age", type: "number", optional: true };
const sex: ColumnSchema = { name: "sex", type: "text", optional: true };
const flag: ColumnSchema = { name: "flag", type: "boolean", optional: true };
const day: ColumnSchema = { name: "day", type: "date", optional: true };

const read = (column: ColumnSchema, values: readonly unknown[], more: Omit<TableSchema, "columns"> = {}) => [
  ...readValues({ columns: [column], ...more }, new Map([[column.name, values]]))[0]!.values,
];

describe("numbers", () => {
  it("are taken from numbers, texts that write one, and booleans", () => {
    expect(read(age, [1, " 2.5e1 ", true, "-.5", 7n, "3,000", "+1"])).toEqual([1, 25, 1, -0.5, 7, 3000, 1]);
  });
  it("are missing as null, undefined, NaN, blank, and by every spelling", () => {
    expect(read(age, [null, undefined, Number.NaN, "", "  ", "NA", " n/a", "-nan"])).toEqual(
      new Array(8).fill(Number.NaN),
    );
    expect(read(age, [-200, "-200.0", "?", 1], { missing: ["?", "-200"] })).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
      1,
    ]);
  });
  it("have decimal commas where training had them", () => {
    expect(read({ ...age, format: commaFormat }, ["2,6", 1.5])).toEqual([2.6, 1.5]);
    expect(() => read({ ...age, format: commaFormat }, ["2.6"])).toThrow(
      "expected a number with a decimal comma, got '2.6'",
    );
  });
  it("that are missing are refused where the model has no rule", () => {
    expect(() => read({ ...age, optional: false }, [1, "NA"])).toThrow(
      "input 'age' has no value at row 1, and the model has no rule for that",
    );
  });
  it.each([
    ["0x1f", "a number, got '0x1f'"],
    ["1,5", "a number, got '1,5'"],
    [[1], "a number, got [1]"],
    ["Infinity", "a finite number, got 'Infinity'"],
    ["1e999", "a finite number, got '1e999'"],
    [Number.POSITIVE_INFINITY, "a finite number, got Infinity"],
  ])("are refused as %j, naming column and row", (value, message) => {
    const attempt = () => read(age, [1, value]);
    expect(attempt).toThrow(AppError);
    expect(attempt).toThrow(`input 'age' expected ${message} at row 1`);
  });
});

describe("texts", () => {
  it("stay as they are, spellings of missing too; what is not there is the empty one", () => {
    expect(read(sex, ["yes", " x ", "True", null, undefined, "", "NA", " null ", "  "])).toEqual([
      ...["yes", " x ", "True", "", "", "", "NA", " null ", "  "],
    ]);
  });
  it("are taken from numbers and booleans where training had such spellings", () => {
    expect(() => read(sex, [1])).toThrow("input 'sex' expected a text, got 1 at row 0");
    expect(() => read(sex, [true])).toThrow("expected a text, got true");
    expect(read({ ...sex, spells: ["number", "boolean"] }, [1001, true, Number.NaN])).toEqual(["1001", "True", ""]);
  });
});

describe("booleans and dates", () => {
  it("are taken by their words, and by numbers", () => {
    expect(read(flag, [true, "true", "True", "1", 1, 0, "no", "F", null])).toEqual([
      1,
      1,
      1,
      1,
      1,
      0,
      0,
      0,
      Number.NaN,
    ]);
    expect(() => read(flag, [2])).toThrow("expected true or false, got 2");
    expect(read(day, ["1970-01-02", 3, null])).toEqual([1, 3, Number.NaN]);
    // Milliseconds, as pandas writes dates to JSON.
    expect(() => read(day, [1_717_718_400_000])).toThrow("expected a date such as 2026-03-31");
    expect(() => read(day, ["yesterday"])).toThrow(
      "expected a date such as 2026-03-31, or days since 1970, got 'yesterday'",
    );
  });
});

it("ignores other columns, keeps the order of the model, and names all inputs that are not there, with the query", () => {
  const raw = new Map([
    ["extra", [1]],
    ["sex", ["f"]],
    ["age", [3]],
  ]);
  expect(readValues({ columns: [age, sex] }, raw).map(({ name }) => name)).toEqual(["age", "sex"]);
  expect(() => readValues({ columns: [age, flag] }, new Map([["x", [1]]]))).toThrow(
    "model is missing inputs ['age', 'flag']",
  );
  expect(() => readValues({ columns: [age], query: "SELECT a AS age FROM source" }, new Map([["a", [1]]]))).toThrow(
    "it was trained on the columns of a query, and wants those: SELECT a AS age FROM source",
  );
});
