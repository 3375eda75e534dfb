import { describe, expect, it } from "vitest";
import { parseCsvInput, parseJsonInput } from "./scoring-input.ts";

const inputs = ["a", "b"];
const read = (body: unknown, names = inputs) =>
  Object.fromEntries(parseJsonInput(typeof body === "string" ? body : JSON.stringify(body), names));

describe("parseJsonInput", () => {
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
  ])("reads %s", (_, body) => expect(read(body)).toEqual(expected));

  it("takes a bare NaN for a missing value, and leaves the word alone in text", () => {
    expect(read('{"inputs": {"a": [NaN], "b": ["NaN"]}}')).toEqual({ a: [null], b: ["NaN"] });
  });
  it("takes one row of scalars", () => expect(read({ inputs: { a: 1, b: "x" } })).toEqual({ a: [1], b: ["x"] }));
  it("takes bare values for a model of one input", () => {
    expect(read({ inputs: ["x", "y"] }, ["text"])).toEqual({ text: ["x", "y"] });
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
  ])("refuses %s", (body, code, message) => {
    expect(() => read(body)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
  });
});

describe("parseCsvInput", () => {
  it("reads quotes, commas and empty cells", async () => {
    expect(Object.fromEntries(await parseCsvInput('a,b\n1,"x, ""y"""\n,z\n'))).toEqual({
      a: ["1", null],
      b: ['x, "y"', "z"],
    });
  });
  it.each([
    ["", "empty"],
    ["a,b\n1", "not CSV"],
    ['a\n"x', "not CSV"],
  ])("refuses %j", async (body, message) => {
    await expect(parseCsvInput(body)).rejects.toThrow(message);
  });
});
