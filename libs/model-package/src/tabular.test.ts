import { AppError } from "@mintmark/errors";
import { describe, expect, it } from "vitest";
import { fromRecords, toColumns, toRows } from "./tabular.ts";
import type { ModelInput } from "./trained-model.ts";

const age: ModelInput = { name: "age", type: "number" };
const sex: ModelInput = { name: "sex", type: "text" };

describe("toColumns", () => {
  it("takes numbers, numeric texts and booleans as numbers", () => {
    const raw = fromRecords([{ age: 1 }, { age: " 2.5e1 " }, { age: true }, { age: "-.5" }, { age: 7n }]);
    expect(toColumns([age], raw)).toEqual([{ ...age, values: new Float64Array([1, 25, 1, -0.5, 7]) }]);
  });

  it("takes null, undefined and NaN as missing: NaN in numbers, the empty text in texts", () => {
    const raw = fromRecords([{ age: null, sex: null }, {}, { age: "nan", sex: "" }, { age: Number.NaN }]);
    const [ages, sexes] = toColumns([age, sex], raw);
    expect(ages!.values).toEqual(new Float64Array(4).fill(Number.NaN));
    expect(sexes!.values).toEqual(["", "", "", ""]);
  });

  it("ignores other columns, and gives the inputs in the order of the model", () => {
    const columns = toColumns([age, sex], fromRecords([{ extra: 1, sex: "female", age: 3 }]));
    expect(columns.map(({ name }) => name)).toEqual(["age", "sex"]);
  });

  it("names all inputs that no row has", () => {
    expect(() => toColumns([age, sex], fromRecords([{ fare: 1 }]))).toThrow("model is missing inputs ['age', 'sex']");
  });

  it.each([
    ["", "a number, got ''"],
    ["0x1f", "a number, got '0x1f'"],
    ["1,5", "a number, got '1,5'"],
    [[1], "a number, got [1]"],
    ["Infinity", "a finite number, got 'Infinity'"],
    ["1e999", "a finite number, got '1e999'"],
    [Number.POSITIVE_INFINITY, "a finite number, got Infinity"],
  ])("refuses %j as a number, naming column and row", (value, message) => {
    const attempt = () => toColumns([age], fromRecords([{ age: 1 }, { age: value }]));
    expect(attempt).toThrow(AppError);
    expect(attempt).toThrow(`input 'age' expected ${message} at row 1`);
  });

  it("refuses numbers as texts", () => {
    expect(() => toColumns([sex], fromRecords([{ sex: 1 }]))).toThrow("input 'sex' expected a text, got 1 at row 0");
  });
});

describe("toRows", () => {
  it("gives one object a row, with null for NaN", () => {
    const rows = toRows([
      { type: "text", name: "prediction", values: ["a", "b"] },
      { type: "number", name: "probability_a", values: new Float64Array([0.25, Number.NaN]) },
      { type: "boolean", name: "is_anomaly", values: [true, false] },
    ]);
    expect(rows).toEqual([
      { prediction: "a", probability_a: 0.25, is_anomaly: true },
      { prediction: "b", probability_a: null, is_anomaly: false },
    ]);
  });
});
