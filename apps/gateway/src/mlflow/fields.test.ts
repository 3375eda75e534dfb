import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  byKey,
  count,
  double,
  flag,
  flagUnlessSaid,
  int64,
  list,
  message,
  optionalText,
  pageLength,
  pairs,
  readMessage,
  requiredList,
  requiredText,
  requiredWhole,
  runMessage,
  tags,
  text,
  textCutAt,
  word,
} from "./fields.ts";
import { MlflowError } from "./mlflow-error.ts";

const everything = message({
  name: requiredText,
  note: text,
  may_be_empty: optionalText,
  step: int64,
  max_results: pageLength(10),
  timestamp: requiredWhole.optional(),
  value: double.optional(),
  deep: flag,
  ascending: flagUnlessSaid,
  order_by: list(z.string(), 2),
  tags,
  view: word(["ACTIVE_ONLY", "DELETED_ONLY"]),
});

const read = (fields: object) => readMessage(everything, { name: "n", ...fields }) as Record<string, unknown>;

function refusal(fields: object, schema: z.ZodType = everything): string {
  try {
    readMessage(schema, fields);
  } catch (error) {
    expect(error).toBeInstanceOf(MlflowError);
    expect((error as MlflowError).code).toBe("INVALID_PARAMETER_VALUE");
    return (error as MlflowError).message;
  }
  throw new Error("was not refused");
}

describe("a message", () => {
  it("has defaults for what is absent, null or, of lists, empty", () => {
    const defaults = { name: "n", max_results: 0, note: "", deep: false, ascending: true, order_by: [], tags: {} };
    expect(read({})).toEqual(defaults);
    expect(read({ note: null, step: null, tags: null, deep: null, order_by: null, view: null })).toEqual(defaults);
  });

  it("keeps empty text apart from absent text where that makes a difference", () => {
    expect(read({ may_be_empty: "" })).toMatchObject({ may_be_empty: "" });
  });

  it("takes names in both spellings, not both at once, and leaves unknown fields aside", () => {
    expect(read({ mayBeEmpty: "x", unknown: 1 })).toMatchObject({ may_be_empty: "x" });
    expect(read({ unknown: 1 })).not.toHaveProperty("unknown");
    expect(refusal({ name: "n", may_be_empty: "x", mayBeEmpty: "y" })).toContain("is given twice");
  });

  it("takes numbers and truth values as text, as query strings have them, and one entry for a list", () => {
    const asked = { step: "-7", max_results: "3", value: "0.5", deep: "true", ascending: "false", order_by: "name" };
    expect(read(asked)).toMatchObject({
      step: -7n,
      max_results: 3,
      value: 0.5,
      deep: true,
      ascending: false,
      order_by: ["name"],
    });
  });

  it.each([
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["-Infinity", Number.NEGATIVE_INFINITY],
    ["1e3", 1000],
    [5e-324, 5e-324],
  ])("takes the double %s", (value, expected) => {
    expect(read({ value })["value"]).toBe(expected);
  });

  it("takes enumerations by name or number", () => {
    expect([read({ view: "DELETED_ONLY" }), read({ view: 2 }), read({ view: "2" })].map(({ view }) => view)).toEqual(
      Array(3).fill("DELETED_ONLY"),
    );
  });

  it("takes the last of several tags of one key", () => {
    expect(read({ tags: [{ key: "a", value: "1" }, { key: "a", value: "2" }, { key: "b" }] })["tags"]).toEqual({
      a: "2",
      b: "",
    });
  });

  it.each([
    [{}, "Missing value for required parameter 'name'."],
    [{ name: "" }, "Missing value for required parameter 'name'."],
    [{ name: null }, "Missing value for required parameter 'name'."],
    [{ name: 5 }, "Invalid value 5 for parameter 'name' supplied."],
    [{ name: { a: [1] } }, `Invalid value {"a":[1]} for parameter 'name' supplied.`],
    [{ name: "n", step: 1.5 }, "Invalid value 1.5 for parameter 'step' supplied."],
    [{ name: "n", step: "x" }, `Invalid value "x" for parameter 'step' supplied.`],
    [{ name: "n", step: "9223372036854775808" }, "It must be at most 9223372036854775807."],
    [{ name: "n", value: true }, "Invalid value true for parameter 'value' supplied."],
    [{ name: "n", value: "abc" }, `Invalid value "abc" for parameter 'value' supplied.`],
    [{ name: "n", max_results: 0 }, "Invalid value 0 for parameter 'max_results' supplied. It must be at least 1."],
    [{ name: "n", max_results: 11 }, "Invalid value 11 for parameter 'max_results' supplied. It must be at most 10."],
    [{ name: "n", timestamp: -1 }, "Invalid value -1 for parameter 'timestamp' supplied. It must be at least 0."],
    [{ name: "n", timestamp: 1e300 }, "for parameter 'timestamp' supplied."],
    [{ name: "n", order_by: ["a", "b", "c"] }, "It must have at most 2 entries."],
    [
      { name: "n", tags: [{ key: "a", value: "1" }, { value: "2" }] },
      "Missing value for required parameter 'tags[1].key'.",
    ],
    [{ name: "n", tags: [{ key: "a", value: 1 }] }, "Invalid value 1 for parameter 'tags[0].value' supplied."],
    [{ name: "n", tags: { a: "1" } }, `Invalid value {"a":"1"} for parameter 'tags' supplied.`],
    [{ name: "n", view: "FOO" }, `Invalid value "FOO" for parameter 'view' supplied.`],
  ])("refuses %j, naming field and value", (fields, expected) => {
    expect(refusal(fields)).toContain(expected);
  });

  it("shows the beginning of a long value only", () => {
    expect(refusal({ name: "n", step: "x".repeat(10_000) }).length).toBeLessThan(600);
  });

  it("refuses an empty list where entries have to be", () => {
    const schema = message({ ids: requiredList(z.string()) });
    expect(refusal({ ids: [] }, schema)).toBe("Missing value for required parameter 'ids'.");
    expect(refusal({}, schema)).toBe("Missing value for required parameter 'ids'.");
  });
});

describe("a message on a run", () => {
  const schema = runMessage({ key: requiredText });

  it.each([
    { run_id: "r" },
    { runId: "r" },
    { run_uuid: "r" },
    { runUuid: "r" },
    { run_id: "r", run_uuid: "other" },
    { run_id: "", run_uuid: "r" },
  ])("names it by %j", (named) => {
    expect(readMessage(schema, { ...named, key: "k" })).toEqual({ run_id: "r", key: "k" });
  });

  it("has to name one", () => {
    expect(refusal({ key: "k" }, schema)).toBe("Missing value for required parameter 'run_id'.");
  });
});

describe("text that is cut", () => {
  it("keeps its beginning, never half a character, and what fits stays as it is", () => {
    const schema = message({ value: textCutAt(4) });
    const cut = (value: string) => (readMessage(schema, { value }) as { value: string }).value;
    expect(["abcd", "abcde", "abc😀", "ab😀c"].map(cut)).toEqual(["abcd", "abcd", "abc", "ab😀"]);
  });
});

it("pairs may have any key, also one with a meaning to JavaScript", () => {
  const entries = readMessage(message({ params: pairs(text) }), { params: [{ key: "__proto__", value: "1" }] });
  expect(Object.entries(byKey((entries as { params: { key: string; value: string }[] }).params))).toEqual([
    ["__proto__", "1"],
  ]);
});

it("whole numbers that a double cannot hold are numbers of 64 bits", () => {
  expect(readMessage(message({ step: int64, n: count }), { step: "9223372036854775807" })).toEqual({
    step: 9223372036854775807n,
  });
});
