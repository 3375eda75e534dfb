import { describe, expect, it } from "vitest";
import { matrix } from "../base/matrix.ts";
import { columnDeviations, columnMeans, standardized } from "./moments.ts";

describe("column moments", () => {
  it("are worked by hand", () => {
    // Columns (1, 3) and (10, 30): means 2 and 20, deviations 1 and 10.
    const x = matrix(Float64Array.of(1, 10, 3, 30), 2, 2);
    const means = columnMeans(x);
    const deviations = columnDeviations(x, means);
    expect(Array.from(means)).toEqual([2, 20]);
    expect(Array.from(deviations)).toEqual([1, 10]);
    expect(Array.from(standardized(x, means, deviations).data)).toEqual([-1, -1, 1, 1]);
  });

  it("find no spread in a column that varies by rounding only", () => {
    const x = matrix(Float64Array.of(0.3, 0.1 + 0.2, 0.3), 3, 1);
    expect(columnDeviations(x, columnMeans(x))[0]).toBe(0);
  });

  it("find the spread of a column that is far from 0", () => {
    const x = matrix(Float64Array.of(1e15, 1e15 + 2), 2, 1);
    expect(columnDeviations(x, columnMeans(x))[0]).toBe(1);
  });

  it("refuse sums that overflow, naming the column", () => {
    const x = matrix(Float64Array.of(0, 1e308, 0, 1e308), 2, 2);
    expect(() => columnMeans(x)).toThrow(/column 1 overflows/);
  });
});
