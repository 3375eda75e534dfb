import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matrix } from "../base/matrix.ts";
import { solveLeastSquares } from "./least-squares.ts";

describe("solveLeastSquares", () => {
  it("solves a square system", () => {
    // 2a + b = 5, a − b = 1  →  a = 2, b = 1
    const { solution, rank } = solveLeastSquares(matrix(Float64Array.of(2, 1, 1, -1), 2, 2), Float64Array.of(5, 1));
    expect(rank).toBe(2);
    expect(solution[0]).toBeCloseTo(2, 14);
    expect(solution[1]).toBeCloseTo(1, 14);
  });

  it("takes the solution of smallest norm where there are many", () => {
    // a + b = 2 twice: of all (a, 2 − a) the shortest is (1, 1).
    const { solution, rank } = solveLeastSquares(matrix(Float64Array.of(1, 1, 1, 1), 2, 2), Float64Array.of(2, 2));
    expect(rank).toBe(1);
    expect(solution[0]).toBeCloseTo(1, 14);
    expect(solution[1]).toBeCloseTo(1, 14);
  });

  it("measures that norm in the units of the columns, not of the scaled ones", () => {
    // a + 3b = 10: the shortest is 10 / (1 + 9) · (1, 3).
    const { solution } = solveLeastSquares(matrix(Float64Array.of(1, 3), 1, 2), Float64Array.of(10));
    expect(solution[0]).toBeCloseTo(1, 14);
    expect(solution[1]).toBeCloseTo(3, 14);
  });

  it("finds the rank whatever the units of the columns", () => {
    const a = matrix(Float64Array.of(1e-9, 1e9, 2e-9, 1e9, 3e-9, -1e9), 3, 2);
    const { solution, rank } = solveLeastSquares(a, Float64Array.of(3, 5, 1));
    expect(rank).toBe(2);
    // 2·(1e9·a) + 1·(b / 1e9): rows (1, 1), (2, 1), (3, −1) give 3, 5, 5; least squares of 3, 5, 1 by the normal equations:
    // [14 0; 0 3] (u, v) = (16, 7)
    expect(solution[0]! * 1e-9).toBeCloseTo(16 / 14, 12);
    expect(solution[1]! * 1e9).toBeCloseTo(7 / 3, 12);
  });

  it("gives zeros for columns of zeros", () => {
    const { solution, rank } = solveLeastSquares(matrix(new Float64Array(6), 3, 2), Float64Array.of(1, 2, 3));
    expect(rank).toBe(0);
    expect(Array.from(solution)).toEqual([0, 0]);
  });

  it("leaves a residual at right angles to every column", () => {
    const entry = fc.integer({ min: -9, max: 9 });
    const system = fc.tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 5 })).chain(([rows, cols]) =>
      fc.record({
        rows: fc.constant(rows),
        cols: fc.constant(cols),
        a: fc.array(entry, { minLength: rows * cols, maxLength: rows * cols }),
        b: fc.array(entry, { minLength: rows, maxLength: rows }),
      }),
    );
    fc.assert(
      fc.property(system, ({ rows, cols, a, b }) => {
        const { solution } = solveLeastSquares(matrix(Float64Array.from(a), rows, cols), Float64Array.from(b));
        for (let j = 0; j < cols; j++) {
          let product = 0;
          for (let i = 0; i < rows; i++) {
            const fitted = Array.from(solution).reduce((sum, w, k) => sum + w * a[i * cols + k]!, 0);
            product += (b[i]! - fitted) * a[i * cols + j]!;
          }
          expect(Math.abs(product)).toBeLessThan(1e-8);
        }
      }),
    );
  });
});
