import type { Column, NumberEncoder } from "@mintmark/ml-core/base/preprocessing";
import { needsPython } from "@mintmark/testing/needs";
import { beforeAll, describe, expect, it } from "vitest";
import { type Answer, askPython, type Question } from "./testing/ask-python.ts";
import { allCases, type Case } from "./testing/cases.ts";

const available = needsPython(["mlflow", "onnxruntime", "onnx", "pandas"]);

const rows = 70;
const isNumber = (encoder: Case["model"]["preprocessor"]["encoders"][number]) => encoder.kind === "number";

/** A model of each kind that takes numbers, with the first column that has a rule for missing ones, and the first without. */
const cases = allCases()
  .filter(({ model }) => model.preprocessor.encoders.some(isNumber))
  .map(({ name, model, columns }) => {
    const numbers = model.preprocessor.encoders.filter((encoder): encoder is NumberEncoder => isNumber(encoder));
    const required = numbers.filter(({ fill }) => fill === null).map(({ column }) => column);
    return { name, model, columns, required, optional: numbers.find(({ fill }) => fill !== null)?.column };
  });

/** Columns as Python expressions, with one value put into one of them. */
function frame(columns: readonly Column[], change?: { column: string; row: number; value: string }) {
  const dtypes = Object.fromEntries(
    columns.filter(({ type }) => type === "number").map(({ name }) => [name, "float64"]),
  );
  const expressions = columns.map(({ name, values }): [string, string[]] => [
    name,
    Array.from({ length: rows }, (_, row) => {
      if (change?.column === name && change.row === row) return change.value;
      const value = values[row]!;
      return typeof value === "string" ? JSON.stringify(value) : Number.isNaN(value) ? "nan" : String(value);
    }),
  ]);
  return { columns: Object.fromEntries(expressions), dtypes };
}

describe.skipIf(!available)("in Python", () => {
  const asked: Question[] = [];
  const ask = (question: Question) => asked.push(question) - 1;
  const plans = cases.map(({ model, columns, required, optional }) => {
    const graph = (change?: { column: string; row: number; value: string }) =>
      ask({ model, door: "graph", frame: frame(columns, change) });
    return {
      whole: graph(),
      missing: required.map((column, i) => graph({ column, row: [0, rows - 1, 33][i % 3]!, value: "nan" })),
      infinite: columns
        .filter(({ type }) => type === "number")
        .map(({ name }, i) => graph({ column: name, row: 7, value: i % 2 === 0 ? "inf" : "-inf" })),
      filled: optional === undefined ? undefined : graph({ column: optional, row: 3, value: "nan" }),
    };
  });
  const named = cases.map(({ model, columns, required, optional }) => {
    const change = (column: string | undefined, row: number, value: string) =>
      column === undefined
        ? []
        : [{ column, row, at: ask({ model, door: "pyfunc", frame: frame(columns, { column, row, value }) }) }];
    return { missing: change(required.at(-1), 41, "nan"), infinite: change(optional ?? required[0], 2, "-inf") };
  });
  let answers: Answer[] = [];
  beforeAll(async () => {
    answers = await askPython(asked);
  }, 240_000);

  it.each(cases.map((each, at) => ({ ...each, plan: plans[at]! })))(
    "the graph alone refuses a missing number without a rule, in any row of a batch, and an infinite one: $name",
    ({ plan, required }) => {
      const columns = required.map((column) => `'${column}'`).join(", ");
      const message =
        required.length > 0
          ? `A number is infinite, or one is missing that the model has no rule for: ${columns}`
          : "A number is infinite";
      for (const at of [...plan.missing, ...plan.infinite])
        expect(answers[at]).toEqual({ error: expect.stringContaining(`'${message}'`) });
      for (const at of [plan.whole, plan.filled].filter((at) => at !== undefined))
        expect(answers[at]).toHaveProperty("columns");
    },
  );

  it.each(cases.map(({ name }, at) => ({ name, ...named[at]! })))(
    "mlflow.pyfunc says which column and row that is: $name",
    ({ missing, infinite }) => {
      for (const { column, row, at } of missing)
        expect(answers[at]).toEqual({
          error: `MlflowException: input '${column}' has no value at row ${row}, and the model has no rule for that: give one, or train with { impute: [${column}] }`,
        });
      for (const { column, row, at } of infinite)
        expect(answers[at]).toEqual({
          error: `MlflowException: input '${column}' expected a finite number, got -inf at row ${row}`,
        });
    },
  );
});
