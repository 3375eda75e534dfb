import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { broadcastDims, broadcastIndex } from "./broadcast.ts";

describe("broadcastDims", () => {
  it("stretches sizes of 1 and adds missing outer dimensions", () => {
    expect(broadcastDims([5, 1], [5, 3])).toEqual([5, 3]);
    expect(broadcastDims([3], [5, 3])).toEqual([5, 3]);
    expect(broadcastDims([], [5, 3])).toEqual([5, 3]);
    expect(broadcastDims([5, 1], [1, 3])).toEqual([5, 3]);
    expect(broadcastDims([0, 3], [3])).toEqual([0, 3]);
  });

  it("refuses shapes that do not fit", () => {
    expect(() => broadcastDims([2], [3])).toThrow(/\[2\] and \[3\] do not fit/);
  });
});

describe("broadcastIndex", () => {
  it("is null for equal shapes, so that nothing is looked up", () =>
    expect(broadcastIndex([2, 3], [2, 3], 6)).toBeNull());

  it("repeats rows and columns", () => {
    expect([...broadcastIndex([3], [2, 3], 6)!]).toEqual([0, 1, 2, 0, 1, 2]);
    expect([...broadcastIndex([2, 1], [2, 3], 6)!]).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it("finds the element with the same coordinates, counted as 0 where the size is 1", () => {
    const shape = fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.boolean()), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(shape, (dims) => {
        const to = dims.map(([size]) => size);
        const from = dims.map(([size, stretched]) => (stretched ? 1 : size));
        const count = to.reduce((product, size) => product * size, 1);
        const index = broadcastIndex(from, to, count);
        for (let at = 0; at < count; at++) {
          let rest = at;
          let expected = 0;
          let stride = 1;
          for (let d = to.length - 1; d >= 0; d--) {
            const coordinate = rest % to[d]!;
            rest = Math.floor(rest / to[d]!);
            if (from[d] !== 1) expected += coordinate * stride;
            stride *= from[d]!;
          }
          expect(index?.[at] ?? at).toBe(expected);
        }
      }),
    );
  });
});
