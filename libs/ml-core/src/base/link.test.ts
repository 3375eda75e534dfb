import { describe, expect, it } from "vitest";
import { logistic, softmax } from "./link.ts";

describe("logistic", () => {
  it("gives probabilities that add up to 1 and rank as the score says", () => {
    for (const score of [-800, -40, -1e-9, 0, 1e-9, 3, 40, 800]) {
      const [p0, p1] = ofScore(score);
      expect(p0 + p1).toBeCloseTo(1, 15);
      expect(p1 > p0).toBe(score > 0);
    }
  });

  it("keeps the digits of the smaller probability", () => {
    expect(ofScore(40)[0] / Math.exp(-40)).toBeCloseTo(1, 14);
    expect(ofScore(-40)[1] / Math.exp(-40)).toBeCloseTo(1, 14);
  });

  it("passes NaN on", () => expect(ofScore(Number.NaN)).toEqual([Number.NaN, Number.NaN]));
});

describe("softmax", () => {
  it("agrees with logistic for two classes", () => {
    const p = new Float64Array([9, 0, 1.25]);
    softmax(p, 1, 2);
    expect(p[0]).toBe(9);
    expect(p[2]).toBeCloseTo(ofScore(1.25)[1], 15);
  });

  it("does not overflow", () => {
    const p = new Float64Array([1e300, 1e300, -1e300]);
    softmax(p, 0, 3);
    expect([...p.subarray(0, 2)]).toEqual([0.5, 0.5]);
  });
});

function ofScore(score: number): [number, number] {
  const out = new Float64Array(2);
  logistic(score, out, 0);
  return [out[0]!, out[1]!];
}
