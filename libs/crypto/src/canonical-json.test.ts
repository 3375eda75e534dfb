import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromUtf8, utf8 } from "./bytes.ts";
import { canonicalJson, type Json } from "./canonical-json.ts";
import { MalformedError } from "./malformed-error.ts";
import { parseStrictJson } from "./strict-json.ts";

const write = (value: Json) => fromUtf8(canonicalJson(value));

describe("canonical JSON", () => {
  it("writes the example of RFC 8785 §3.2.2", () => {
    const value = {
      numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/",
      literals: [null, true, false],
    };
    expect(write(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it("orders keys by UTF-16 code units, as RFC 8785 §3.2.3 does", () => {
    const keys = ["\u20ac", "\r", "\ufb33", "1", "\u{1f600}", "\u0080", "\u00f6"];
    const ordered = Object.keys(JSON.parse(write(Object.fromEntries(keys.map((key) => [key, 0])))) as object);
    // JavaScript lists "1" first in any object; it is second in the text.
    expect(ordered).toEqual(["1", "\r", "\u0080", "\u00f6", "\u20ac", "\u{1f600}", "\ufb33"]);
    expect(write({ "1": 0, "\r": 0 })).toBe('{"\\r":0,"1":0}');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, "\ud800", undefined, 1n, { a: undefined }])("refuses %s", (value) => {
    expect(() => canonicalJson(value as Json)).toThrow(MalformedError);
  });

  it("gives the same bytes after a round trip of any value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const bytes = canonicalJson(value as Json);
        expect(canonicalJson(JSON.parse(fromUtf8(bytes)) as Json)).toEqual(bytes);
      }),
    );
  });
});

describe("strict JSON", () => {
  it("reads what JSON.parse reads", () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        fc.pre(!JSON.stringify(value).includes("__proto__") && !hasHugeInteger(value));
        expect(parseStrictJson(utf8(JSON.stringify(value, null, 1)))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it.each([
    ['{"a":1,"a":2}', "has the key 'a' twice"],
    ['{"a":1,"\\u0061" :2}', "has the key 'a' twice"],
    ['[{"x":{"b":[],"b":0}}]', "has the key 'b' twice"],
    ['{"__proto__":{}}', "has a key '__proto__'"],
    ['{"n":9007199254740993}', "has the number 9007199254740993"],
    ["{", "is not JSON"],
  ])("refuses %s", (text, message) => {
    expect(() => parseStrictJson(utf8(text))).toThrow(new MalformedError(message));
  });

  it("refuses bytes that are not UTF-8", () => {
    expect(() => parseStrictJson(Uint8Array.of(0x22, 0xff, 0x22))).toThrow("is not UTF-8");
  });

  it("lets the same key stand in two objects, and strings repeat keys", () => {
    expect(parseStrictJson(utf8('[{"a":"a"},{"a":["a","a:"]}]'))).toEqual([{ a: "a" }, { a: ["a", "a:"] }]);
  });
});

function hasHugeInteger(value: unknown): boolean {
  if (typeof value === "number") return Number.isInteger(value) && !Number.isSafeInteger(value);
  return typeof value === "object" && value !== null && Object.values(value).some(hasHugeInteger);
}
