import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matrix } from "../base/matrix.ts";
import { binColumns } from "./bins.ts";
import { countBelow, distinct, float32Columns, thresholdBetween } from "./columns.ts";

const float = fc.float({ noNaN: true, noDefaultInfinity: true });

describe("float32Columns", () => {
  it("rounds to float32 and knows no −0", () => {
    expect(float32Columns(matrix(Float64Array.of(0.1, -0, 1, 2), 2, 2))).toEqual([
      Float32Array.of(Math.fround(0.1), 1),
      Float32Array.of(0, 2),
    ]);
  });
});

describe("distinct", () => {
  it("counts each value once, ascending", () => {
    expect(distinct(Float32Array.of(3, 1, 3, -2, 3))).toEqual({
      values: Float32Array.of(-2, 1, 3),
      counts: Uint32Array.of(1, 1, 3),
    });
  });
});

describe("thresholdBetween", () => {
  it("is a float32 t with a <= t < b for any neighbours, the ends of the range included", () => {
    fc.assert(
      fc.property(float, float, (one, other) => {
        fc.pre(one !== other);
        const [a, b] = [Math.min(one, other), Math.max(one, other)];
        const t = thresholdBetween(a, b);
        return t === Math.fround(t) && a <= t && t < b;
      }),
      { numRuns: 1000 },
    );
  });
});

describe("binColumns", () => {
  it("puts each value between the thresholds of its bin", () => {
    const columns = fc.array(float, { minLength: 1, maxLength: 200 });
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
  it("numbers 256 bins within a byte", () => {
    const { bins } = binColumns(
      matrix(
        Float64Array.from({ length: 5000 }, (_, i) => i),
        5000,
        1,
      ),
      256,
    );
    expect(countBelow(Float32Array.of(1, 2, 3), 2.5)).toBe(2);
    expect([bins[0], bins[4999]]).toEqual([0, 255]);
  });
});
