import { describe, expect, it } from "vitest";
import { jsonValues } from "./json-values.ts";

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
