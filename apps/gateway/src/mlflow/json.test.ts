import { describe, expect, it } from "vitest";
import { milliseconds, readBody, timeOf } from "./json.ts";

describe("a body", () => {
  const read = (body: string | Uint8Array) => readBody(Buffer.from(body as string));

  it("is read as UTF-8, with and without escapes", () => {
    expect(read("")).toEqual({});
    expect(read('{"name":"é日😀\\ud83d\\ude00"}')).toEqual({ name: "é日😀😀" });
  });

  it.each([
    ["half a character", '{"a":[{"name":"sur\\ud800x"}]}', "there is half a character in 'name'"],
    ["the other half in a key", '{"\\uDFFFx":1}', "there is half a character in '\uFFFDx'"],
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

it.each([0n, 1n, -1n, -1000n, -1001n, 253_402_300_799_999n, 1_795_278_194_901n])(
  "%d ms is the same time back",
  (ms) => {
    expect(milliseconds(timeOf(ms))).toBe(Number(ms));
  },
);
