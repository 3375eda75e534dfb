import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ExactTree } from "../base/grown-tree.ts";
import { gridExponent, placeOnGrid } from "./grid.ts";

/** A tree of one leaf. */
const leaf = (value: number, output = 0): ExactTree => ({
  feature: Int32Array.of(-1),
  threshold: Float32Array.of(0),
  left: Int32Array.of(-1),
  right: Int32Array.of(-1),
  output,
  value: Float64Array.of(value),
});

describe("gridExponent", () => {
  it("is 17 for a hundred trees of probabilities: 100 · 2^17 <= 2^24 < 100 · 2^18", () => {
    expect(
      gridExponent(
        Array.from({ length: 100 }, () => leaf(1)),
        [0],
      ),
    ).toBe(17);
  });
  it("counts the base, and each output for itself", () => {
    expect(gridExponent([leaf(1)], [1])).toBe(23);
    expect(gridExponent([leaf(1, 0), leaf(1, 1)], [0, 0])).toBe(24);
  });
  it("is negative for huge values", () => {
    expect(gridExponent([leaf(2 ** 30)], [0])).toBe(-6);
  });
  it("refuses sums that float32 cannot hold", () => {
    expect(() => gridExponent([leaf(3e38), leaf(3e38)], [0])).toThrow(RangeError);
    expect(() => gridExponent([leaf(NaN)], [0])).toThrow(RangeError);
  });
});

describe("placeOnGrid", () => {
  it("makes float32 sums exact, so that any order gives the same bits", () => {
    const values = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(values, fc.double({ min: -1e3, max: 1e3, noNaN: true }), (leaves, start) => {
        const { trees, base } = placeOnGrid(
          leaves.map((value) => leaf(value)),
          [start],
        );
        const terms = [...trees.map((tree) => tree.value[0]!), base[0]!];
        const inFloat32 = (list: readonly number[]) => list.reduce((sum, term) => Math.fround(sum + term), 0);
        const exact = terms.reduce((sum, term) => sum + term, 0);
        return [terms, terms.toReversed(), terms.toSorted((a, b) => a - b)].every((list) => inFloat32(list) === exact);
      }),
    );
  });
  it("rounds by at most half a step: 2^-18 where the sums reach 100.3", () => {
    const { trees } = placeOnGrid([leaf(1 / 3), leaf(100)], [0]);
    expect(Math.abs(trees[0]!.value[0]! - 1 / 3)).toBeLessThanOrEqual(2 ** -18);
  });
});
