import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matrix } from "../base/matrix.ts";
import { golden } from "../linear/golden.fixture.ts";
import { classificationMetrics } from "./classification.ts";
import { clusteringMetrics } from "./clustering.ts";
import { confusionMatrix } from "./confusion-matrix.ts";
import { regressionMetrics } from "./regression.ts";
import { rocAuc } from "./roc-auc.ts";
import { silhouette, silhouetteRows } from "./silhouette.ts";

describe("classificationMetrics", () => {
  it.each(golden.metrics.classification)("equals scikit-learn (case %#)", (one) => {
    const { truth, predicted, probabilities, expected } = one;
    const { values, undefined: left } = classificationMetrics({
      truth: Int32Array.from(truth),
      predicted: Int32Array.from(predicted),
      probabilities: matrix(Float64Array.from(probabilities.flat()), truth.length, probabilities[0]!.length),
    });
    expect(Object.keys(values).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, value] of Object.entries(expected)) expect(values[name], name).toBeCloseTo(value, 13);
    expect(left).toEqual([]);
  });

  it("is about the class that is named positive", () => {
    // Class 0: predicted for rows 0, 1, 2, right for 0 and 1 of its 3 rows.
    const { values } = classificationMetrics({
      truth: Int32Array.of(0, 0, 1, 0),
      predicted: Int32Array.of(0, 0, 0, 1),
      probabilities: matrix(Float64Array.of(0.9, 0.1, 0.8, 0.2, 0.7, 0.3, 0.4, 0.6), 4, 2),
      positive: 0,
    });
    expect(values).toMatchObject({ accuracy: 0.5, precision: 2 / 3, recall: 2 / 3, f1: 2 / 3 });
    // Of the pairs (class 0, class 1): 0.9 > 0.7, 0.8 > 0.7, 0.4 < 0.7.
    expect(values["roc_auc"]).toBeCloseTo(2 / 3, 15);
  });

  it("leaves out what is undefined, with the reason", () => {
    const { values, undefined: left } = classificationMetrics({
      truth: Int32Array.of(0, 0),
      predicted: Int32Array.of(0, 0),
      probabilities: matrix(Float64Array.of(0.9, 0.1, 0.8, 0.2), 2, 2),
    });
    expect(values).toMatchObject({ accuracy: 1, f1_macro: 1, f1_weighted: 1 });
    expect(left).toEqual([
      { name: "precision", reason: "no row was predicted to be of the class" },
      { name: "recall", reason: "no row is of the class" },
      { name: "f1", reason: "no row is of the class or was predicted to be" },
      { name: "roc_auc", reason: "only one class in these rows" },
    ]);
  });

  it("has no value of anything without rows", () => {
    const { values, undefined: left } = classificationMetrics({
      truth: new Int32Array(),
      predicted: new Int32Array(),
      probabilities: matrix(new Float64Array(), 0, 3),
    });
    expect(values).toEqual({});
    expect(left.map(({ name }) => name)).toContain("accuracy");
  });

  it("leaves roc_auc_ovr out if a class does not occur", () => {
    const { undefined: left } = classificationMetrics({
      truth: Int32Array.of(0, 1),
      predicted: Int32Array.of(0, 1),
      probabilities: matrix(Float64Array.of(0.8, 0.1, 0.1, 0.1, 0.8, 0.1), 2, 3),
    });
    expect(left).toEqual([{ name: "roc_auc_ovr", reason: "not every class occurs in these rows" }]);
  });

  it("keeps a confident mistake finite", () => {
    const { values } = classificationMetrics({
      truth: Int32Array.of(0, 1),
      predicted: Int32Array.of(1, 1),
      probabilities: matrix(Float64Array.of(0, 1, 0, 1), 2, 2),
    });
    expect(values["log_loss"]).toBeCloseTo(-Math.log(Number.EPSILON) / 2, 12);
  });

  it("refuses predictions of another length", () => {
    const probabilities = matrix(new Float64Array(4), 2, 2);
    const result = { truth: new Int32Array(2), predicted: new Int32Array(3), probabilities };
    expect(() => classificationMetrics(result)).toThrow('"predicted" expected length 2, got 3');
  });
});

describe("confusionMatrix", () => {
  it("has truth down and prediction across, as in scikit-learn", () => {
    for (const { truth, predicted, confusion } of golden.metrics.classification) {
      const { counts } = confusionMatrix(Int32Array.from(truth), Int32Array.from(predicted), confusion.length);
      expect(Array.from(counts)).toEqual(confusion.flat());
    }
  });
});

describe("rocAuc", () => {
  it("is the share of pairs in the right order, ties counting half", () => {
    const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 5 })), {
      minLength: 2,
      maxLength: 30,
    });
    fc.assert(
      fc.property(rows, (some) => {
        const positives = some.filter(([label]) => label === 1);
        const negatives = some.filter(([label]) => label === 0);
        fc.pre(positives.length > 0 && negatives.length > 0);
        const pairs = positives.flatMap(([, a]) => negatives.map(([, b]) => (a > b ? 1 : a === b ? 0.5 : 0)));
        const expected = pairs.reduce((sum: number, won) => sum + won, 0) / pairs.length;
        const truth = Int32Array.from(some, ([label]) => label);
        expect(
          rocAuc(
            truth,
            Float64Array.from(some, ([, score]) => score),
            1,
          ),
        ).toBeCloseTo(expected, 12);
      }),
    );
  });
});

describe("regressionMetrics", () => {
  it("equals scikit-learn", () => {
    const { truth, predicted, expected } = golden.metrics.regression;
    const { values } = regressionMetrics(Float64Array.from(truth), Float64Array.from(predicted));
    expect(Object.keys(values).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, value] of Object.entries(expected)) expect(values[name], name).toBeCloseTo(value, 13);
  });

  it("leaves r2 out where the target does not vary", () => {
    const report = regressionMetrics(Float64Array.of(3, 3), Float64Array.of(3, 4));
    expect(report.values).toEqual({ rmse: Math.sqrt(0.5), mae: 0.5 });
    expect(report.undefined).toEqual([{ name: "r2", reason: "the target is the same in all these rows" }]);
    expect(regressionMetrics(Float64Array.of(3), Float64Array.of(3)).undefined[0]).toMatchObject({ name: "r2" });
  });

  it("never reports a value that is not a finite number", () => {
    const report = regressionMetrics(Float64Array.of(1, 2), Float64Array.of(Number.NaN, 2));
    expect(report.values).toEqual({});
    expect(report.undefined.map(({ name, reason }) => [name, reason])).toEqual([
      ["rmse", "its value is NaN"],
      ["mae", "its value is NaN"],
      ["r2", "its value is NaN"],
    ]);
  });
});

describe("silhouette", () => {
  it("is worked by hand on a line", () => {
    // 0, 1 | 5: rows 0 and 1: a = 1, b = 5 and 4 → 4/5, 3/4; the row alone counts as 0.
    const x = matrix(Float64Array.of(0, 1, 5), 3, 1);
    expect(silhouette(x, Int32Array.of(0, 0, 9))).toBeCloseTo((0.8 + 0.75) / 3, 15);
  });

  it("equals scikit-learn", () => {
    const { points, labels, silhouette: expected } = golden.metrics.clustering;
    const x = matrix(Float64Array.from(points.flat()), points.length, 3);
    expect(silhouette(x, Int32Array.from(labels))).toBeCloseTo(expected, 13);
  });

  it("is undefined for one cluster, and for a cluster a row", () => {
    const x = matrix(Float64Array.of(0, 1, 5), 3, 1);
    for (const labels of [Int32Array.of(1, 1, 1), Int32Array.of(0, 1, 2)])
      expect(silhouette(x, labels)).toMatchObject({ reason: expect.stringContaining("it takes 2 clusters or more") });
  });

  it("is taken of a seeded sample where there are many rows", () => {
    const rows = silhouetteRows * 2;
    const x = matrix(
      Float64Array.from({ length: rows }, (_, i) => (i % 2) * 10 + Math.sin(i)),
      rows,
      1,
    );
    const labels = Int32Array.from({ length: rows }, (_, i) => i % 2);
    const first = silhouette(x, labels, 1);
    expect(silhouette(x, labels, 1)).toBe(first);
    expect(silhouette(x, labels, 2)).not.toBe(first);
    expect(silhouette(x, labels, 2)).toBeCloseTo(first as number, 1);
  });
});

describe("clusteringMetrics", () => {
  it("adds up squared distances to the inertia", () => {
    const x = matrix(Float64Array.of(0, 1, 5), 3, 1);
    const { values } = clusteringMetrics({ x, labels: Int32Array.of(0, 0, 1), distances: Float64Array.of(1, 2, 3) });
    expect(values["inertia"]).toBe(14);
    expect(values["silhouette"]).toBeGreaterThan(0.5);
  });
});
