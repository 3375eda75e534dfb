import { describe, expect, it } from "vitest";
import { readCsvInput, readJsonInput } from "./read-input.ts";

const inputs = ["a", "b"];
const read = async (body: unknown, names = inputs) =>
  Object.fromEntries(readJsonInput(typeof body === "string" ? body : JSON.stringify(body), names));

describe("readJsonInput", () => {
  const expected = { a: [1, 2], b: ["x", null] };
  it.each([
    [
      "dataframe_split",
      {
        dataframe_split: {
          columns: ["a", "b"],
          data: [
            [1, "x"],
            [2, null],
          ],
          index: [0, 1],
        },
      },
    ],
    [
      "dataframe_records",
      {
        dataframe_records: [
          { a: 1, b: "x" },
          { a: 2, b: null },
        ],
      },
    ],
    ["records that leave a value out", { dataframe_records: [{ a: 1, b: "x" }, { a: 2 }] }],
    [
      "instances",
      {
        instances: [
          { a: 1, b: "x" },
          { b: null, a: 2 },
        ],
      },
    ],
    ["inputs by column", { inputs: { a: [1, 2], b: ["x", null] } }],
    [
      "inputs by row",
      {
        inputs: [
          { a: 1, b: "x" },
          { a: 2, b: null },
        ],
      },
    ],
    ["unknown keys and params beside", { inputs: expected, params: [1], other: true }],
  ])("reads %s", async (_, body) => expect(await read(body)).toEqual(expected));

  it("takes a bare NaN for a missing value, and leaves the word alone in text", async () => {
    expect(await read('{"inputs": {"a": [NaN], "b": ["NaN"]}}')).toEqual({ a: [null], b: ["NaN"] });
  });
  it("takes one row of scalars", async () =>
    expect(await read({ inputs: { a: 1, b: "x" } })).toEqual({ a: [1], b: ["x"] }));
  it("takes bare values for a model of one input", async () => {
    expect(await read({ inputs: ["x", "y"] }, ["text"])).toEqual({ text: ["x", "y"] });
  });

  it.each([
    ["", "BAD_REQUEST", "empty"],
    ["{", "BAD_REQUEST", "not JSON"],
    ["[1]", "BAD_REQUEST", "got a list"],
    ['"x"', "BAD_REQUEST", "got a string"],
    ["{}", "BAD_REQUEST", "got none"],
    ['{"inputs": [], "instances": []}', "BAD_REQUEST", "instances and inputs"],
    ['{"dataframe_split": {"data": [[1]]}}', "INVALID_PARAMETER_VALUE", '"dataframe_split.columns" is missing'],
    ['{"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}', "BAD_REQUEST", "row 0 has 2 values for 1 columns"],
    ['{"dataframe_split": {"columns": ["a"], "data": [1]}}', "BAD_REQUEST", "must be a list of rows"],
    ['{"dataframe_records": []}', "INVALID_PARAMETER_VALUE", "empty"],
    ['{"dataframe_records": [1]}', "BAD_REQUEST", "got a number at 0"],
    ['{"instances": [[1, 2]]}', "INVALID_PARAMETER_VALUE", "by name: a, b"],
    ['{"inputs": {"a": [1], "b": [1, 2]}}', "INVALID_PARAMETER_VALUE", "different lengths: 1, 2"],
    ['{"dataframe_split": {"columns": ["a", "a"], "data": [[1, 2]]}}', "INVALID_PARAMETER_VALUE", "column 'a' twice"],
    ['{"inputs": {"a": [1], "A": [2]}}', "INVALID_PARAMETER_VALUE", "columns 'a' and 'A'"],
    ['{"dataframe_records": [{"a": 1, "b": 2}, {"A": 3}]}', "INVALID_PARAMETER_VALUE", "columns 'a' and 'A'"],
    ['{"dataframe_records": [{"a": 1, "b": 2, "a": 3}]}', "INVALID_PARAMETER_VALUE", "has 'a' twice"],
  ])("refuses %s", async (body, code, message) => {
    await expect(read(body)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });
});

describe("readCsvInput", () => {
  const csv = (body: string, delimiter?: string, maxValues = 1_000) =>
    Object.fromEntries(readCsvInput(body, inputs, { delimiter, maxValues }));

  it("reads quotes, commas, line breaks and empty cells, and only the model's columns", async () => {
    expect(csv('a, b,other\r\n1,"x, ""y""\n",7\r\n\r\n, z,8\r\n')).toEqual({
      a: ["1", null],
      b: ['x, "y"\n', "z"],
    });
  });
  it("finds the delimiter by the names, as at training; also one that the model says", async () => {
    expect(csv('"a";"b"\n1,5;2\n')).toEqual({ a: ["1,5"], b: ["2"] });
    expect(csv("a^b\n1^2\n", "^")).toEqual({ a: ["1"], b: ["2"] });
    expect(csv("a,b\n1,2\n", "^")).toEqual({ a: ["1"], b: ["2"] });
  });
  it("takes an index without a name, and leaves it", async () => {
    expect(csv(",a,b\n0,1,2\n")).toEqual({ a: ["1"], b: ["2"] });
  });
  it.each([
    ["", "empty"],
    ["a,b\n1", "row 0 has 1 values for 2 columns"],
    ["a,b\n1,2,\n1,2,3", "row 1 has 3 values for 2 columns"],
    ['a\n"x', "not CSV"],
    ["a,a\n1,2", "column 'a' twice"],
    ["a,b, A \n1,2,3", "columns 'a' and 'A ', which differ by case and blanks only"],
  ])("refuses %j", (body, message) => {
    expect(() => readCsvInput(body, inputs, { maxValues: 1_000 })).toThrow(message);
  });
});
