import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matrix } from "../base/matrix.ts";
import { binColumns } from "./bins.ts";
import { countBelow, distinct, MISSING_AS_LARGEST, TREE_VALUE_MAX, thresholdBetween, treeColumns } from "./columns.ts";

const allowed = fc.double({ noNaN: true, min: -TREE_VALUE_MAX, max: TREE_VALUE_MAX });

describe("treeColumns", () => {
  it("keeps every bit and knows no −0", () => {
    expect(treeColumns(matrix(Float64Array.of(0.1, -0, 1, 2), 2, 2))).toEqual([
      Float64Array.of(0.1, 1),
      Float64Array.of(0, 2),
    ]);
  });
  it("takes values up to 2^1000 in size, and beyond them only what stands for missing ones", () => {
    const column = (value: number) => matrix(Float64Array.of(0, value), 2, 1);
    for (const value of [TREE_VALUE_MAX, -TREE_VALUE_MAX, MISSING_AS_LARGEST])
      expect(treeColumns(column(value))[0]![1]).toBe(value);
    for (const value of [2 * TREE_VALUE_MAX * (1 - 2 ** -53), -MISSING_AS_LARGEST, Number.MAX_VALUE])
      expect(() => treeColumns(column(value))).toThrow(/up to 2\^1000.*at row 1, column 0/);
  });
});

describe("distinct", () => {
  it("counts each value once, ascending", () => {
    expect(distinct(Float64Array.of(3, 1, 3, -2, 3))).toEqual({
      values: Float64Array.of(-2, 1, 3),
      counts: Uint32Array.of(1, 1, 3),
    });
  });
});

describe("thresholdBetween", () => {
  const isBetween = (a: number, b: number) => {
    const t = thresholdBetween(a, b);
    return a <= t && t < b;
  };
  it("is a t with a <= t < b for any neighbours", () => {
    fc.assert(
      fc.property(allowed, allowed, (one, other) => {
        fc.pre(one !== other);
        return isBetween(Math.min(one, other), Math.max(one, other));
      }),
      { numRuns: 1000 },
    );
  });
  it("is one at the ends of the range, next to what stands for missing values, and between the smallest numbers", () => {
    const least = Number.MIN_VALUE;
    const pairs = [
      [-TREE_VALUE_MAX, TREE_VALUE_MAX],
      [-TREE_VALUE_MAX, MISSING_AS_LARGEST],
      [TREE_VALUE_MAX, MISSING_AS_LARGEST],
      [0, least],
      [-least, 0],
      [least, 2 * least],
      [1, 1 + Number.EPSILON],
      [1 - Number.EPSILON / 2, 1],
    ] as const;
    for (const [a, b] of pairs) expect([a, b, isBetween(a, b)]).toEqual([a, b, true]);
  });
});

describe("binColumns", () => {
  it("puts each value between the thresholds of its bin", () => {
    const columns = fc.array(fc.oneof(allowed, fc.constant(MISSING_AS_LARGEST)), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(columns, fc.integer({ min: 2, max: 20 }), (values, bins) => {
        const binned = binColumns(matrix(Float64Array.from(values), values.length, 1), bins);
        const thresholds = binned.thresholds[0]!;
        return values.every((value, row) => {
          const bin = binned.bins[row]!;
          const fitsBelow = bin === thresholds.length || value <= thresholds[bin]!;
          return bin < bins && fitsBelow && (bin === 0 || value > thresholds[bin - 1]!);
        });
      }),
    );
  });
  it("fills bins evenly where there are more values than bins", () => {
    const { bins } = binColumns(
      matrix(
        Float64Array.from({ length: 1000 }, (_, i) => i * i),
        1000,
        1,
      ),
      10,
    );
    const filled = Array.from({ length: 10 }, (_, bin) => bins.filter((b) => b === bin).length);
    expect(filled).toEqual(new Array(10).fill(100));
  });
  it("gives a value of many rows a bin, and the others theirs", () => {
    const many = [...new Array(900).fill(0), ...Array.from({ length: 100 }, (_, i) => i + 1)];
    const { thresholds } = binColumns(matrix(Float64Array.from(many), 1000, 1), 11);
    expect(thresholds[0]).toHaveLength(10);
    expect(thresholds[0]![0]).toBe(0.5);
  });
  it("keeps missing values in a bin of their own, however few bins and rows there are", () => {
    const values = Array.from({ length: 1000 }, (_, i) => (i % 500 === 7 ? MISSING_AS_LARGEST : i));
    for (const bins of [2, 3, 10, 256]) {
      const binned = binColumns(matrix(Float64Array.from(values), 1000, 1), bins);
      const last = binned.thresholds[0]!.length;
      expect(last).toBe(bins - 1);
      values.forEach((value, row) => {
        expect(binned.bins[row] === last).toBe(value === MISSING_AS_LARGEST);
      });
    }
  });
  it("numbers 256 bins within a byte", () => {
    const { bins } = binColumns(
      matrix(
        Float64Array.from({ length: 5000 }, (_, i) => i),
        5000,
        1,
      ),
      256,
    );
    expect(countBelow(Float64Array.of(1, 2, 3), 2.5)).toBe(2);
    expect([bins[0], bins[4999]]).toEqual([0, 255]);
  });
});
