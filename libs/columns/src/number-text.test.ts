import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commaFormat, hasGroups, parseNumber, pointFormat } from "./number-text.ts";

describe("parseNumber", () => {
  it.each([
    ["30", 30],
    ["+30", 30],
    [" -0.5 ", -0.5],
    [".5", 0.5],
    ["2.", 2],
    ["1e3", 1000],
    ["1E+2", 100],
    ["007", 7],
    ["3,000", 3000],
    ["-1,234,567.5", -1234567.5],
    ["inf", Number.POSITIVE_INFINITY],
    ["-Infinity", Number.NEGATIVE_INFINITY],
  ])("reads %j", (text, value) => expect(parseNumber(text)).toBe(value));

  it.each([
    "",
    " ",
    "abc",
    "1_000",
    "0x1f",
    "1,5",
    "12,34",
    "1,2345",
    ",5",
    "1e",
    "e5",
    "--1",
    "1.2.3",
    "1 000",
    "½",
    "١",
    "nan",
    "5%",
    "$5",
  ])("takes %j for no number", (text) => expect(parseNumber(text)).toBeUndefined());

  it("reads decimal commas, and other marks between groups", () => {
    const read = (text: string) => parseNumber(text, commaFormat);
    expect([read("2,6"), read("1.234,5"), read("1.234"), read("7")]).toEqual([2.6, 1234.5, 1234, 7]);
    expect([read("1.5"), read("1,2,3"), read("1,234.5")]).toEqual([undefined, undefined, undefined]);
    const spaced = { decimal: ".", thousands: " " } as const;
    expect([parseNumber("1 234.5", spaced), parseNumber("1\u202f234", spaced)]).toEqual([1234.5, 1234]);
  });

  it("gives every number back that JavaScript or Python writes", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        expect(parseNumber(String(value))).toBe(value === 0 ? 0 : value);
      }),
    );
  });

  it("takes time in proportion to the text", () => {
    // A quadratic expression would take minutes for this.
    for (const text of ["1".repeat(1e6), `${"1".repeat(1e6)}x`, `${"1,111".repeat(2e5)}x`]) parseNumber(text);
  });
});

it("tells where the reading depends on the format", () => {
  expect(["3,000", "3000", "-1,000", "1.5"].map((text) => hasGroups(text, pointFormat))).toEqual([
    true,
    false,
    true,
    false,
  ]);
});
