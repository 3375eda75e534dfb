import { estimatorBattery } from "@mintmark/testing/estimator-battery";
import { describe, expect, it } from "vitest";
import { ArgumentError } from "../base/argument-error.ts";
import { matrix } from "../base/matrix.ts";
import { uniform } from "../base/rng.ts";
import { anomalyScores } from "../tree/predict-trees.ts";
import { averagePath, fitIsolationForest, type IsolationForestParams } from "./isolation-forest.ts";

const key = { hi: 1, lo: 2 };
/** A cloud in the unit square, and one row far from it. */
const cloud = Float64Array.from({ length: 200 * 2 }, (_, at) => uniform(key, at));
cloud.set([8, 8], 77 * 2);
const x = matrix(cloud, 200, 2);

estimatorBattery("isolation forest", {
  task: "none",
  fit: (x, _y, key) => fitIsolationForest(x, { n_estimators: 9, contamination: 0.1 }, key),
  predict: anomalyScores,
});

describe("averagePath", () => {
  it("is 0 for one row, 1 for two, and 10.245 for 256, as the paper's formula says", () => {
    // 2·(ln 255 + 0.5772) − 2·255/256 = 2·6.1185 − 1.9922
    expect([averagePath(1), averagePath(2)]).toEqual([0, 1]);
    expect(averagePath(256)).toBeCloseTo(10.2448, 4);
  });
});

describe("fitIsolationForest", () => {
  it("scores the row that lies apart lowest, and the cloud near 0 or above", () => {
    const estimator = fitIsolationForest(x, {}, key);
    const scores = anomalyScores(estimator, x);
    expect(scores.indexOf(Math.min(...scores))).toBe(77);
    expect(scores[77]).toBeLessThan(-0.4);
    expect(estimator.threshold).toBe(0);
  });

  it("calls the wanted share of the training rows anomalies", () => {
    const estimator = fitIsolationForest(x, { contamination: 0.05 }, key);
    expect(anomalyScores(estimator, x).filter((score) => score < estimator.threshold)).toHaveLength(10);
  });

  it("isolates two rows with one cut, worked by hand", () => {
    const pair = matrix(Float64Array.of(0, 1), 2, 1);
    const { trees, normalizer } = fitIsolationForest(pair, { n_estimators: 1 }, key);
    expect([...trees[0]!.feature]).toEqual([0, -1, -1]);
    expect([...trees[0]!.value]).toEqual([0, 1, 1]);
    // s = 2^(−1 / c(2)) = 0.5, the score of a row like any other.
    expect(normalizer).toBe(1);
    expect([...anomalyScores({ kind: "isolation-forest", trees, normalizer, threshold: 0 }, pair)]).toEqual([0, 0]);
  });

  it("gives all rows the score 0 where nothing varies", () => {
    const same = matrix(new Float64Array(60).fill(4), 30, 2);
    const scores = anomalyScores(fitIsolationForest(same, {}, key), same);
    scores.forEach((score) => {
      expect(score).toBeCloseTo(0, 6);
    });
  });

  it("cuts neighbours in double, and the ends of the range, apart", () => {
    for (const [low, high] of [
      [1, 1 + 2 ** -52],
      [-(2 ** 1000), 2 ** 1000],
    ] as const) {
      const { trees } = fitIsolationForest(matrix(Float64Array.of(low, high), 2, 1), { n_estimators: 5 }, key);
      for (const { threshold } of trees) {
        expect(threshold[0]).toBeGreaterThanOrEqual(low);
        expect(threshold[0]).toBeLessThan(high);
      }
    }
  });

  it("grows no deeper than the binary logarithm of the sample", () => {
    const { trees } = fitIsolationForest(x, { max_samples: 16, n_estimators: 3 }, key);
    for (const { feature } of trees) expect(feature.length).toBeLessThanOrEqual(2 ** 5 - 1);
  });

  it.each<[IsolationForestParams, string]>([
    [{ n_estimators: 0 }, `"n_estimators" expected an integer >= 1, got 0`],
    [{ contamination: 0.6 }, `"contamination" expected a number in (0, 0.5] or "auto", got 0.6`],
    [{ max_samples: 1.5 }, `"max_samples" expected an integer >= 2, a fraction in (0, 1] or "auto", got 1.5`],
  ])("refuses %o", (params, message) => {
    expect(() => fitIsolationForest(x, params, key)).toThrow(new ArgumentError(message));
  });

  it("refuses a single row", () => {
    expect(() => fitIsolationForest(matrix(Float64Array.of(1), 1, 1), {}, key)).toThrow(
      new ArgumentError(`"x" expected at least 2 rows, got 1`),
    );
  });
});
