import { expect, it } from "vitest";
import { rocAuc } from "./roc-auc.ts";
import { thresholdCurve } from "./threshold-curves.ts";

it("is what counting by hand gives, with tied rows on one side", () => {
  const truth = Int32Array.of(1, 0, 1, 0, 0);
  const scores = Float64Array.of(0.9, 0.8, 0.8, 0.3, 0.1);
  expect(thresholdCurve(truth, scores, 1)).toEqual([
    { threshold: Number.POSITIVE_INFINITY, truePositiveRate: 0, falsePositiveRate: 0, precision: 1 },
    { threshold: 0.9, truePositiveRate: 1 / 2, falsePositiveRate: 0, precision: 1 },
    { threshold: 0.8, truePositiveRate: 1, falsePositiveRate: 1 / 3, precision: 2 / 3 },
    { threshold: 0.3, truePositiveRate: 1, falsePositiveRate: 2 / 3, precision: 1 / 2 },
    { threshold: 0.1, truePositiveRate: 1, falsePositiveRate: 1, precision: 2 / 5 },
  ]);
});

it("encloses the area that the metric gives", () => {
  const truth = Int32Array.from({ length: 200 }, (_, i) => ((i * 7) % 3 === 0 ? 1 : 0));
  const scores = Float64Array.from(truth, (label, i) => ((i * 37) % 23) + 5 * label);
  const curve = thresholdCurve(truth, scores, 1)!;
  let area = 0;
  for (const [at, { falsePositiveRate, truePositiveRate }] of curve.entries()) {
    const before = curve[at - 1];
    if (before !== undefined)
      area += ((falsePositiveRate - before.falsePositiveRate) * (truePositiveRate + before.truePositiveRate)) / 2;
  }
  expect(area).toBeCloseTo(rocAuc(truth, scores, 1) as number, 12);
});

it("is undefined where only one class occurs", () => {
  expect(thresholdCurve(Int32Array.of(1, 1), Float64Array.of(0, 1), 1)).toBeUndefined();
  expect(thresholdCurve(new Int32Array(), new Float64Array(), 1)).toBeUndefined();
});
