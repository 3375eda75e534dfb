import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { broadcastDims, extentOf, stepsOf } from "./broadcast.ts";

describe("broadcastDims", () => {
  it("stretches sizes of 1 and adds missing outer dimensions", () => {
    expect(broadcastDims([5, 1], [5, 3])).toEqual([5, 3]);
    expect(broadcastDims([3], [5, 3])).toEqual([5, 3]);
    expect(broadcastDims([], [5, 3])).toEqual([5, 3]);
    expect(broadcastDims([5, 1], [1, 3])).toEqual([5, 3]);
    expect(broadcastDims([0, 3], [3])).toEqual([0, 3]);
  });

  it("refuses shapes that do not fit, and computing in three dimensions", () => {
    expect(() => broadcastDims([2], [3])).toThrow(/\[2\] and \[3\] do not fit/);
    expect(() => extentOf([1, 2, 3])).toThrow(/3 dimensions/);
  });
});

describe("stepsOf", () => {
  it("repeats rows, columns and scalars", () => {
    const to = { rows: 5, cols: 3 };
    expect(stepsOf([5, 3], to)).toEqual({ row: 3, col: 1 });
    expect(stepsOf([3], to)).toEqual({ row: 0, col: 1 });
    expect(stepsOf([5, 1], to)).toEqual({ row: 1, col: 0 });
    expect(stepsOf([], to)).toEqual({ row: 0, col: 0 });
  });

  it("stays within the data, and reaches its last element, whatever is stretched", () => {
    const size = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(size, size, fc.boolean(), fc.boolean(), (rows, cols, oneRow, oneCol) => {
        const from = [oneRow ? 1 : rows, oneCol ? 1 : cols];
        const { row, col } = stepsOf(from, { rows, cols });
        expect((rows - 1) * row + (cols - 1) * col).toBe(from[0]! * from[1]! - 1);
      }),
    );
  });
});
