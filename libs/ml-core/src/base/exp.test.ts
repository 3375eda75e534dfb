import { describe, expect, it } from "vitest";
import { exp2Lowest, exp2OfNegative, expLowest, expOfNegative, logistic, softmax } from "./exp.ts";

describe("expOfNegative", () => {
  it("stays within two units in the last place of Math.exp over the whole range", () => {
    for (let i = 0; i <= 200_000; i++) {
      const x = -708 * (i / 200_000) ** 4;
      expect(Math.abs(expOfNegative(x) / Math.exp(x) - 1)).toBeLessThanOrEqual(2 * Number.EPSILON);
    }
  });

  it("is exactly 1 at 0, 0 below its range and NaN for NaN", () => {
    expect(expOfNegative(0)).toBe(1);
    expect(expOfNegative(-0)).toBe(1);
    expect(expOfNegative(expLowest)).toBeGreaterThan(0);
    expect(expOfNegative(expLowest - 1e-9)).toBe(0);
    expect(expOfNegative(Number.NEGATIVE_INFINITY)).toBe(0);
    expect(expOfNegative(Number.NaN)).toBeNaN();
  });
});

describe("exp2OfNegative", () => {
  it("is exact at whole exponents", () => {
    for (let n = 0; n <= -exp2Lowest; n++) expect(exp2OfNegative(-n)).toBe(2 ** (0 - n));
  });

  it("stays within two units in the last place of 2 ** x", () => {
    for (let i = 0; i <= 100_000; i++) {
      const x = -1021 * (i / 100_000) ** 3;
      expect(Math.abs(exp2OfNegative(x) / 2 ** x - 1)).toBeLessThanOrEqual(2 * Number.EPSILON);
    }
  });
});

describe("logistic and softmax", () => {
  it("give probabilities that add up to 1, and keep their digits at both ends", () => {
    const out = new Float64Array(2);
    for (const score of [-800, -40, -1e-9, 0, 1e-9, 3, 40, 800]) {
      logistic(score, out, 0);
      expect(out[0]! + out[1]!).toBeCloseTo(1, 15);
      expect(out[1]! > out[0]!).toBe(score > 0);
    }
    logistic(40, out, 0);
    expect(out[0]).toBeCloseTo(Math.exp(-40), 30);
  });

  it("agree with each other for two classes", () => {
    const two = new Float64Array(2);
    logistic(1.25, two, 0);
    const scores = new Float64Array([0, 1.25]);
    softmax(scores, 0, 2);
    expect(scores[1]).toBeCloseTo(two[1]!, 15);
  });
});
