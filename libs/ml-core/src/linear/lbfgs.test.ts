import { describe, expect, it } from "vitest";
import { minimize } from "./lbfgs.ts";

const options = { iterationsMax: 200, gradientTolerance: 1e-9, onIteration: () => {} };

describe("minimize", () => {
  it("finds the bottom of a stretched bowl", () => {
    // (p₀ − 1)² + 10⁴·(p₁ + 2)²
    const { point, value, converged } = minimize(
      ([a, b], out) => {
        out[0] = 2 * (a! - 1);
        out[1] = 2e4 * (b! + 2);
        return (a! - 1) ** 2 + 1e4 * (b! + 2) ** 2;
      },
      new Float64Array(2),
      options,
    );
    expect(converged).toBe(true);
    expect(point[0]).toBeCloseTo(1, 9);
    expect(point[1]).toBeCloseTo(-2, 9);
    expect(value).toBeCloseTo(0, 15);
  });

  it("needs under 1000 iterations where steepest descent needs 10⁵", () => {
    const weights = Float64Array.from({ length: 50 }, (_, j) => 10 ** (j / 12.5));
    const bowl = (p: Float64Array, out: Float64Array) => {
      p.forEach((value, j) => {
        out[j] = weights[j]! * (value - 1);
      });
      return p.reduce((sum, value, j) => sum + (weights[j]! / 2) * (value - 1) ** 2, 0);
    };
    const { converged } = minimize(bowl, new Float64Array(50), {
      ...options,
      iterationsMax: 1000,
      gradientTolerance: 1e-6,
    });
    expect(converged).toBe(true);
  });

  it("stops at the allowed iterations, and says so", () => {
    const steps: number[] = [];
    const minimum = minimize(
      ([a], out) => {
        out[0] = Math.sinh(a! - 3);
        return Math.cosh(a! - 3);
      },
      new Float64Array(1),
      { iterationsMax: 2, gradientTolerance: 1e-12, onIteration: (done) => steps.push(done) },
    );
    expect(minimum).toMatchObject({ iterations: 2, converged: false });
    expect(steps).toEqual([1, 2]);
  });

  it("ends where no step lowers the value any more, instead of searching for ever", () => {
    const { converged, iterations } = minimize(
      ([a], out) => {
        // A gradient that lies: it never gets smaller.
        out[0] = 1;
        return Math.abs(a!);
      },
      new Float64Array(1),
      options,
    );
    expect([converged, iterations]).toEqual([true, 0]);
  });

  it("stays finite on a function without curvature", () => {
    const { point, converged } = minimize(
      ([a], out) => {
        out[0] = -1;
        return -a!;
      },
      new Float64Array(1),
      { ...options, iterationsMax: 3 },
    );
    expect(converged).toBe(false);
    expect(Number.isFinite(point[0])).toBe(true);
  });
});
