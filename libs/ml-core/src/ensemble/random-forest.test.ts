import { estimatorBattery } from "@mintmark/testing/estimator-battery";
import { describe, expect, it } from "vitest";
import { ArgumentError } from "../base/argument-error.ts";
import { matrix } from "../base/matrix.ts";
import { uniform } from "../base/rng.ts";
import type { ClassTarget } from "../base/target.ts";
import { fitDecisionTree } from "../tree/decision-tree.ts";
import { predictTrees } from "../tree/predict-trees.ts";
import { fitRandomForest } from "./random-forest.ts";

const key = { hi: 1, lo: 2 };
const x = matrix(
  Float64Array.from({ length: 200 * 4 }, (_, at) => uniform(key, at)),
  200,
  4,
);
const y: ClassTarget = {
  kind: "classes",
  labels: Int32Array.from({ length: 200 }, (_, row) => (x.data[row * 4]! > x.data[row * 4 + 1]! ? 1 : 0)),
  classes: 2,
};

estimatorBattery("random forest of classes", {
  task: "classes",
  fit: (x, y, key) => fitRandomForest(x, y, { n_estimators: 7 }, key),
  predict: predictTrees,
});
estimatorBattery("random forest of values", {
  task: "values",
  fit: (x, y, key) => fitRandomForest(x, y, { n_estimators: 7, max_features: 0.5 }, key),
  predict: predictTrees,
});

describe("fitRandomForest", () => {
  it("is a decision tree if there is one, on all rows and columns", () => {
    const params = { n_estimators: 1, bootstrap: false, max_features: null };
    expect(fitRandomForest(x, y, params, key)).toEqual(fitDecisionTree(x, y, {}, key));
  });

  it("grows the same first trees however many follow", () => {
    const few = fitRandomForest(x, y, { n_estimators: 3 }, key).trees;
    const more = fitRandomForest(x, y, { n_estimators: 5 }, key).trees;
    expect(more.slice(0, 3).map(({ threshold }) => threshold)).toEqual(few.map(({ threshold }) => threshold));
  });

  it("grows trees that differ, and others with another key", () => {
    const { trees } = fitRandomForest(x, y, { n_estimators: 2 }, key);
    expect(trees[0]).not.toEqual(trees[1]);
    expect(fitRandomForest(x, y, { n_estimators: 2 }, { hi: 1, lo: 3 }).trees).not.toEqual(trees);
  });

  it("leaves about 1/e of the rows out of each tree", () => {
    // Every row has a value of its own, so a full tree has as many leaves as it saw rows.
    const rows = 1000;
    const numbers = Float64Array.from({ length: rows }, (_, row) => row);
    const { trees } = fitRandomForest(matrix(numbers, rows, 1), { kind: "values", values: numbers }, {}, key);
    const shares = trees.map(({ feature }) => feature.filter((f) => f < 0).length / rows);
    expect(shares.reduce((a, b) => a + b) / shares.length).toBeCloseTo(1 - 1 / Math.E, 2);
  });

  it("finds the columns that matter", () => {
    const [a, b, c, d] = fitRandomForest(x, y, {}, key).importance;
    expect(Math.min(a!, b!)).toBeGreaterThan(3 * Math.max(c!, d!));
    expect(a! + b! + c! + d!).toBeCloseTo(1, 12);
  });

  it("tells its port each tree, and lets an error of the port through", () => {
    const told: number[][] = [];
    fitRandomForest(x, y, { n_estimators: 3 }, key, { iteration: (done, of) => told.push([done, of]) });
    expect(told).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
    const cancel = () => {
      throw new Error("cancelled");
    };
    expect(() => fitRandomForest(x, y, {}, key, { iteration: cancel })).toThrow("cancelled");
  });

  it.each([
    [{ n_estimators: 0 }, `"n_estimators" expected an integer >= 1, got 0`],
    [
      { max_features: 9 },
      `"max_features" expected a fraction in (0, 1], an integer in 2..4 (columns), "sqrt" or "log2", got 9`,
    ],
  ])("refuses %o", (params, message) => {
    expect(() => fitRandomForest(x, y, params, key)).toThrow(new ArgumentError(message));
  });
});
