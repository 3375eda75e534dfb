import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readJson } from "./read-json.ts";

describe("a body", () => {
  const read = (body: string | Uint8Array) => readJson(Buffer.from(body as string), 1_000);

  it("is read as UTF-8, with and without escapes", () => {
    expect(read("")).toEqual({});
    expect(read('{"name":"é日😀\\ud83d\\ude00"}')).toEqual({ name: "é日😀😀" });
  });

  it.each([
    ["half a character", '{"a":[{"name":"sur\\ud800x"}]}', "there is half a character at byte 18"],
    ["the other half in a key", '{"\\uDFFFx":1}', "there is half a character at byte 2"],
    ["bytes that are not UTF-8", Buffer.from([0x22, 0xff, 0x22]), "it is not UTF-8"],
    ["half a character as bytes", Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), "it is not UTF-8"],
  ])("with %s is refused, for it could not be kept as it is", (_, body, said) => {
    expect(() => read(body)).toThrow(`The body is not valid Unicode: ${said}`);
    expect(() => read(body)).toThrow(expect.objectContaining({ code: "INVALID_PARAMETER_VALUE" }));
  });

  it.each(['{"a"', "x", '{"a":1}}'])("%j is refused as no JSON", (body) => {
    expect(() => read(body)).toThrow("The body is not JSON: ");
  });
});

describe("numbers", () => {
  const read = (body: string) => readJson(Buffer.from(body), 1_000);

  it("that are whole, and that a double cannot hold, arrive as they are", () => {
    const body = read(
      '{"step":9223372036854775807,"deep":[{"step":-9007199254740993}],"value":1e300,"n":12345678901234567}',
    );
    expect(body).toEqual({
      step: "9223372036854775807",
      deep: [{ step: "-9007199254740993" }],
      value: 1e300,
      n: "12345678901234567",
    });
    expect(read("-9007199254740993")).toBe("-9007199254740993");
    expect(read("[0.8414709848078965,9007199254740993]")).toEqual([0.8414709848078965, "9007199254740993"]);
    expect(read('["12345678901234567","\\"12345678901234567"]')).toEqual(["12345678901234567", '"12345678901234567']);
    for (const wrong of ["[012345678901234567]", "[--12345678901234567]", "1234567890123456712x"])
      expect(() => read(wrong)).toThrow("The body is not JSON: ");
  });

  it("and all else arrive as JSON.parse reads them", () => {
    const small = fc.oneof(
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Number.isInteger(value)),
      fc.boolean(),
      fc.constant(null),
    );
    const text = fc.string({ unit: "grapheme" });
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ depthSize: "small" }, small, text, fc.array(tie("tree")), fc.dictionary(text, tie("tree"))),
    }));
    const escaped = (json: string) =>
      json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
    fc.assert(
      fc.property(tree, fc.boolean(), (value, isEscaped) => {
        const json = JSON.stringify(value);
        expect(readJson(Buffer.from(isEscaped ? escaped(json) : json), 1e6)).toEqual(JSON.parse(json));
      }),
    );
  });
});

it("a body of more values than are taken is refused before it is parsed", () => {
  const body = Buffer.from(`[${"{},".repeat(1_000)}{}]`);
  expect(() => readJson(body, 1_000)).toThrow(
    expect.objectContaining({ reason: "BODY_VALUES_TOO_MANY", detail: { limit: 1_000 } }),
  );
});
