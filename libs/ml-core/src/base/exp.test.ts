import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EXP_MAX, EXP_MIN, EXP2_MAX, EXP2_MIN, exp, exp2, LN2_HIGH, LN2_LOW } from "./exp.ts";

describe("exp", () => {
  it("is exactly 1 at 0", () => {
    expect([exp(0), exp(-0)]).toEqual([1, 1]);
  });
  it("splits ln 2 so that multiples of the upper part are exact", () => {
    expect(LN2_HIGH + LN2_LOW).toBe(Math.LN2);
    // 32 bits below the leading one of 2^-1.
    expect(LN2_HIGH * 2 ** 33 === Math.trunc(LN2_HIGH * 2 ** 33)).toBe(true);
  });
  it("stays at its ends beyond them, and NaN stays NaN", () => {
    expect([exp(1e308), exp(-Infinity)]).toEqual([exp(EXP_MAX), exp(EXP_MIN)]);
    expect(exp(NaN)).toBeNaN();
  });
  it("is within 4.5e-16 of Math.exp, relatively, over its whole range", () => {
    const inRange = fc.double({ min: EXP_MIN, max: EXP_MAX, noNaN: true });
    fc.assert(
      fc.property(inRange, (x) => Math.abs(exp(x) / Math.exp(x) - 1) <= 4.5e-16),
      { numRuns: 20_000 },
    );
  });
});

describe("exp2", () => {
  it("is exact at whole exponents", () => {
    for (let k = EXP2_MIN; k <= EXP2_MAX; k++) expect(exp2(k)).toBe(2 ** k);
  });

  it("is within 4.5e-16 of 2 ** x, relatively, over its whole range", () => {
    const inRange = fc.double({ min: EXP2_MIN, max: EXP2_MAX, noNaN: true });
    fc.assert(fc.property(inRange, (x) => Math.abs(exp2(x) / 2 ** x - 1) <= 4.5e-16));
  });

  it("clamps what is out of range and keeps NaN", () => {
    expect([exp2(1e308), exp2(-Infinity)]).toEqual([2 ** EXP2_MAX, 2 ** EXP2_MIN]);
    expect(exp2(NaN)).toBeNaN();
  });
});
