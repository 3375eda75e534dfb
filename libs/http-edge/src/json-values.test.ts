import { describe, expect, it } from "vitest";
import { isDeeper, jsonValues } from "./json-values.ts";

const count = (text: string, most = 1_000) => jsonValues(new TextEncoder().encode(text), most);

describe("jsonValues", () => {
  it.each([
    ["7", 1],
    ["[]", 2],
    ['{"a":1,"b":[1,2,3]}', 6],
    ["[{},{},{}]", 7],
    ['["a,b","[","\\",{"]', 4],
    ['"\\\\",1', 2],
  ])("counts %s", (text, expected) => expect(count(text)).toBe(expected));

  it("stops where it is more than asked for", () => {
    expect(count(`[${"1,".repeat(500)}1]`, 10)).toBe(11);
  });
});

it.each([
  ["[[]]", false],
  ["[[[]]]", true],
  ['[{"a":[]}]', true],
  ['["[[[",{}]', false],
  ["[],[],[]", false],
])("isDeeper tells whether %s is deeper than two", (text, expected) => {
  expect(isDeeper(new TextEncoder().encode(text), 2)).toBe(expected);
});
