import { describe, expect, it } from "vitest";
import type { Estimator, IsolationForestEstimator, LogisticEstimator, Tree, TreeEstimator } from "./base/estimator.ts";
import { matrix } from "./base/matrix.ts";
import { predict } from "./predict.ts";

/** A stump: left of or at 0.5 the first value, else the second. */
const stump = (below: number, above: number): Tree => ({
  feature: Int32Array.of(0, -1, -1),
  threshold: Float64Array.of(0.5, 0, 0),
  left: Int32Array.of(1, -1, -1),
  right: Int32Array.of(2, -1, -1),
  output: 0,
  value: Float64Array.of(0, below, above),
});
const regressionStump: TreeEstimator = {
  kind: "trees",
  trees: [stump(1, 2)],
  outputs: 1,
  base: Float64Array.of(10),
  scale: 1,
  link: "identity",
  classes: 0,
  importance: Float64Array.of(1),
};
const twoClasses: LogisticEstimator = {
  kind: "logistic",
  coefficients: matrix(Float64Array.of(2), 1, 1),
  intercepts: Float64Array.of(-1),
  classes: 2,
};
const x = matrix(Float64Array.of(0, 1), 2, 1);

describe("predict", () => {
  it("adds up a linear model", () => {
    const estimator: Estimator = { kind: "linear", coefficients: Float64Array.of(2, -1), intercept: 3 };
    expect(predict(estimator, matrix(Float64Array.of(1, 2, 0, 5), 2, 2))).toEqual({
      kind: "values",
      values: Float64Array.of(3, -2),
    });
  });

  it("turns one score into the probabilities of two classes", () => {
    const prediction = predict(twoClasses, x);
    if (prediction.kind !== "classes") throw new TypeError("expected classes");
    // σ(−1), σ(1)
    const expected = [1 / (1 + Math.exp(-1)), 1 / (1 + Math.E), 1 / (1 + Math.E), 1 / (1 + Math.exp(-1))];
    for (const [at, value] of expected.entries()) expect(prediction.probabilities.data[at]).toBeCloseTo(value, 15);
    expect(Array.from(prediction.labels)).toEqual([0, 1]);
  });

  it("turns a score a class into probabilities that sum to 1", () => {
    const estimator: LogisticEstimator = {
      kind: "logistic",
      coefficients: matrix(Float64Array.of(1, 0, -1), 3, 1),
      intercepts: Float64Array.of(0, 0, Math.log(4)),
      classes: 3,
    };
    const prediction = predict(estimator, x);
    if (prediction.kind !== "classes") throw new TypeError("expected classes");
    // At 0 the weights are 1, 1, 4.
    for (const [at, value] of [1 / 6, 1 / 6, 4 / 6].entries())
      expect(prediction.probabilities.data[at]).toBeCloseTo(value, 15);
    expect(Array.from(prediction.labels)).toEqual([2, 0]);
  });

  it("gives a tie to the lower class", () => {
    const even = { ...twoClasses, coefficients: matrix(Float64Array.of(0), 1, 1), intercepts: Float64Array.of(0) };
    expect(predict(even, x)).toMatchObject({ labels: Int32Array.of(0, 0) });
  });

  it("walks trees", () => {
    expect(predict(regressionStump, x)).toEqual({ kind: "values", values: Float64Array.of(11, 12) });
    const classifier: TreeEstimator = { ...regressionStump, link: "logistic", classes: 2, base: Float64Array.of(-1.5) };
    expect(predict(classifier, x)).toMatchObject({ kind: "classes", labels: Int32Array.of(0, 1) });
  });

  it("calls an anomaly what scores below the threshold", () => {
    // Paths 1 and 4 of c = 2: scores 2·(0.5 − 2^−0.5) and 2·(0.5 − 2^−2).
    const forest: IsolationForestEstimator = {
      kind: "isolation-forest",
      trees: [stump(1, 4)],
      normalizer: 2,
      threshold: 0,
    };
    const prediction = predict(forest, x);
    if (prediction.kind !== "anomalies") throw new TypeError("expected anomalies");
    expect(prediction.scores[0]).toBeCloseTo(1 - 2 * Math.SQRT1_2, 12);
    expect(prediction.scores[1]).toBe(0.5);
    expect(Array.from(prediction.isAnomaly)).toEqual([1, 0]);
  });

  it("refuses texts for a matrix, a matrix for texts, and other columns", () => {
    const text: Estimator = {
      kind: "text",
      vectorizer: { vocabulary: ["a"], idf: Float64Array.of(1), ngramMin: 1, ngramMax: 1 },
      classifier: twoClasses,
    };
    expect(predict(text, ["a", ""])).toMatchObject({ labels: Int32Array.of(1, 0) });
    expect(() => predict(text, x)).toThrow('"rows" expected texts, got a feature matrix');
    expect(() => predict(twoClasses, ["a"])).toThrow('"rows" expected a feature matrix, got texts');
    expect(() => predict(twoClasses, matrix(new Float64Array(2), 1, 2))).toThrow('"rows" expected 1 columns, got 2');
  });
});
