import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Tree } from "../base/estimator.ts";
import { gridExponent, placeOnGrid } from "./grid.ts";

/** A tree of one leaf. */
const leaf = (value: number, output = 0): Tree => ({
  feature: Int32Array.of(-1),
  threshold: Float64Array.of(0),
  left: Int32Array.of(-1),
  right: Int32Array.of(-1),
  output,
  value: Float64Array.of(value),
});
const shared = (value: number): Tree => leaf(value, -1);

describe("gridExponent", () => {
  it("is 17 for a hundred trees of probabilities: 100 · 2^17 <= 2^24 < 100 · 2^18", () => {
    expect(
      gridExponent(
        Array.from({ length: 100 }, () => shared(1)),
        3,
      ),
    ).toBe(17);
  });
  it("is 46 for a hundred leaves of one sum: 100 · 2^46 < 2^53 < 100 · 2^47", () => {
    expect(
      gridExponent(
        Array.from({ length: 100 }, () => leaf(1)),
        1,
      ),
    ).toBe(46);
  });
  it("counts each output for itself", () => {
    expect(gridExponent([leaf(1.5), leaf(1.5)], 1)).toBe(51);
    expect(gridExponent([leaf(1.5, 0), leaf(1.5, 1)], 2)).toBe(52);
  });
  it("is negative for huge values, and no finer than normal numbers for tiny ones", () => {
    expect(gridExponent([shared(2 ** 30)], 1)).toBe(-6);
    expect(gridExponent([leaf(1.5 * 2 ** 400)], 1)).toBe(-348);
    expect(gridExponent([leaf(0)], 1)).toBe(1022);
    expect(gridExponent([shared(0)], 1)).toBe(126);
  });
  it("refuses leaves that are no numbers", () => {
    expect(() => gridExponent([leaf(NaN)], 1)).toThrow(/finite sum, got NaN/);
    expect(() => gridExponent([leaf(Infinity)], 1)).toThrow(/finite sum, got Infinity/);
  });
});

describe("placeOnGrid", () => {
  const leaves = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 60 });
  const inDouble = (list: readonly number[]) => list.reduce((sum, term) => sum + term, 0);
  const inFloat32 = (list: readonly number[]) => list.reduce((sum, term) => Math.fround(sum + term), 0);

  it.each([
    ["double", 0, inDouble],
    ["float32, of leaves that add to all sums,", -1, inFloat32],
  ] as const)("makes sums in %s exact, so that any order gives the same bits", (_type, output, sumOf) => {
    fc.assert(
      fc.property(leaves, (values) => {
        const trees = placeOnGrid(
          values.map((value) => leaf(value, output)),
          1,
        );
        const terms = trees.map((tree) => tree.value[0]!);
        const unit =
          2 **
          -gridExponent(
            values.map((value) => leaf(value, output)),
            1,
          );
        const exact = Number(terms.reduce((sum, term) => sum + BigInt(term / unit), 0n)) * unit;
        return [terms, terms.toReversed(), terms.toSorted((a, b) => a - b)].every((list) => sumOf(list) === exact);
      }),
    );
  });
  it("rounds by at most half a step: 2^-47 where the sums reach 100.3, in float32 2^-18", () => {
    expect(Math.abs(placeOnGrid([leaf(1 / 3), leaf(100)], 1)[0]!.value[0]! - 1 / 3)).toBeLessThanOrEqual(2 ** -47);
    expect(Math.abs(placeOnGrid([shared(1 / 3), shared(100)], 1)[0]!.value[0]! - 1 / 3)).toBeLessThanOrEqual(2 ** -18);
  });
});
