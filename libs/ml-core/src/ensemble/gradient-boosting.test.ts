import { estimatorBattery } from "@mintmark/testing/estimator-battery";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ArgumentError } from "../base/argument-error.ts";
import { type Matrix, matrix } from "../base/matrix.ts";
import { uniform } from "../base/rng.ts";
import type { ClassTarget, ValueTarget } from "../base/target.ts";
import { findLeaf, predictTrees } from "../tree/predict-trees.ts";
import { fitGradientBoosting, type GradientBoostingParams } from "./gradient-boosting.ts";

const key = { hi: 1, lo: 2 };
const rows = 300;
const x = matrix(
  Float64Array.from({ length: rows * 3 }, (_, at) => uniform(key, at)),
  rows,
  3,
);
const curve = Float64Array.from({ length: rows }, (_, row) => Math.sin(6 * x.data[row * 3]!) + x.data[row * 3 + 1]!);
const values: ValueTarget = { kind: "values", values: curve };
const classes: ClassTarget = { kind: "classes", labels: Int32Array.from(curve, (v) => (v > 0.5 ? 1 : 0)), classes: 2 };

for (const task of ["classes", "values"] as const)
  estimatorBattery(`gradient boosting of ${task}`, {
    task,
    fit: (x, y, key) =>
      fitGradientBoosting(x, y, { n_estimators: 5, bagging_fraction: 0.8, feature_fraction: 0.6 }, key),
    predict: predictTrees,
  });

describe("fitGradientBoosting", () => {
  it("takes one step of learning rate 1 to the means of two groups, worked by hand", () => {
    const { base, trees, importance } = fitGradientBoosting(
      matrix(Float64Array.of(1, 2, 3, 4), 4, 1),
      { kind: "values", values: Float64Array.of(0, 0, 6, 6) },
      { n_estimators: 1, learning_rate: 1, min_data_in_leaf: 1, num_leaves: 2 },
      key,
    );
    // From the mean 3, residuals −3, −3, 3, 3: the cut between 2 and 3 leaves none.
    expect([...base]).toEqual([3]);
    expect(trees).toEqual([
      {
        feature: Int32Array.of(0, -1, -1),
        threshold: Float64Array.of(2.5, 0, 0),
        left: Int32Array.of(1, -1, -1),
        right: Int32Array.of(2, -1, -1),
        output: 0,
        value: Float64Array.of(0, -3, 3),
      },
    ]);
    expect([...importance]).toEqual([1]);
  });

  it("pulls leaves towards 0 by lambda_l2: G / (H + λ) = 6 / (2 + 1)", () => {
    const { trees } = fitGradientBoosting(
      matrix(Float64Array.of(1, 2, 3, 4), 4, 1),
      { kind: "values", values: Float64Array.of(0, 0, 6, 6) },
      { n_estimators: 1, learning_rate: 1, min_data_in_leaf: 1, num_leaves: 2, lambda_l2: 1 },
      key,
    );
    expect([...trees[0]!.value]).toEqual([0, -2, 2]);
  });

  it("learns 200 classes of 4 rows, whose probabilities begin far from where a step of curvature is small", () => {
    const count = 200;
    const labels = Int32Array.from({ length: 4 * count }, (_, row) => row % count);
    // Each class has a place of its own among 20 in each of 4 columns.
    const cells = Float64Array.from({ length: 4 * labels.length }, (_, at) => {
      const label = labels[Math.floor(at / 4)]!;
      return Math.floor(20 * uniform({ hi: 1, lo: 7 }, 4 * label + (at % 4))) + uniform(key, at);
    });
    const places = matrix(cells, labels.length, 4);
    const losses: number[] = [];
    const params = { n_estimators: 15, num_leaves: 8, min_data_in_leaf: 5 };
    const port = { iteration: (_done: number, _of: number, loss?: number) => void losses.push(loss!) };
    const estimator = fitGradientBoosting(places, { kind: "classes", labels, classes: count }, params, key, port);
    expect(losses.every((loss, i) => i === 0 || loss < losses[i - 1]!)).toBe(true);
    expect(losses.at(-1)).toBeLessThan(0.3); // from ln 200 = 5.3
    const prediction = predictTrees(estimator, places);
    if (prediction.kind !== "probabilities") throw new Error("expected probabilities");
    const wrong = labels.filter((label, row) => {
      const shares = prediction.probabilities.data.subarray(row * count, (row + 1) * count);
      return shares.indexOf(Math.max(...shares)) !== label;
    });
    expect(wrong.length / labels.length).toBeLessThan(0.02);
    expect(Math.max(...estimator.trees.flatMap(({ value }) => [...value.map(Math.abs)]))).toBeCloseTo(0.1 * 10, 9);
  });

  it("gives each of 200 milliseconds in a row its own bin, which in float32 would be one", () => {
    const times = matrix(
      Float64Array.from({ length: 200 }, (_, i) => 1_750_000_000_000 + i),
      200,
      1,
    );
    const answers = Float64Array.from({ length: 200 }, (_, i) => (i * 7919) % 211);
    const params = { n_estimators: 200, min_data_in_leaf: 1, num_leaves: 200, learning_rate: 0.5 };
    const estimator = fitGradientBoosting(times, { kind: "values", values: answers }, params, key);
    expect([...predictedValues(estimator, times)].map(Math.round)).toEqual([...answers]);
  });

  it("starts two classes at their log-odds and is a leaf where it may not split", () => {
    const y = { kind: "classes", labels: Int32Array.of(0, 1, 1, 1), classes: 2 } as const;
    const estimator = fitGradientBoosting(matrix(Float64Array.of(1, 2, 3, 4), 4, 1), y, { n_estimators: 2 }, key);
    expect(estimator.base[0]).toBe(Math.log(3));
    expect(estimator.trees.map(({ feature }) => [...feature])).toEqual([[-1], [-1]]);
    const prediction = predictTrees(estimator, matrix(Float64Array.of(9), 1, 1));
    if (prediction.kind !== "probabilities") throw new Error("expected probabilities");
    expect(prediction.probabilities.data[1]).toBeCloseTo(0.75, 6);
  });

  it("gives each class a tree an iteration", () => {
    const y: ClassTarget = { ...classes, labels: classes.labels.map((label, row) => label + (row % 2)), classes: 3 };
    const { trees, outputs, link } = fitGradientBoosting(x, y, { n_estimators: 2 }, key);
    expect(trees.map(({ output }) => output)).toEqual([0, 1, 2, 0, 1, 2]);
    expect([outputs, link]).toEqual([3, "softmax"]);
  });

  it("lessens the training loss with every iteration, and tells its port", () => {
    for (const y of [values, classes]) {
      const losses: number[] = [];
      fitGradientBoosting(x, y, { n_estimators: 30 }, key, { iteration: (_done, _of, loss) => losses.push(loss!) });
      expect(losses).toHaveLength(30);
      expect(losses.every((loss, i) => i === 0 || loss < losses[i - 1]!)).toBe(true);
    }
  });

  it("learns a curve from values as small as 1e-9 and as large as 1e9", () => {
    for (const unit of [1e-9, 1, 1e9]) {
      const scaled = curve.map((value) => value * unit);
      const estimator = fitGradientBoosting(x, { kind: "values", values: scaled }, {}, key);
      expect(rSquared(predictedValues(estimator, x), scaled)).toBeGreaterThan(0.98);
    }
  });

  it("learns the same whichever way the rows are ordered", () => {
    const fit = (order: readonly number[]) =>
      fitGradientBoosting(
        matrix(Float64Array.from(order.flatMap((row) => [...x.data.subarray(row * 3, row * 3 + 3)])), rows, 3),
        { ...classes, labels: Int32Array.from(order, (row) => classes.labels[row]!) },
        { n_estimators: 20 },
        key,
      ).trees;
    const inOrder = Array.from({ length: rows }, (_, row) => row);
    expect(fit(inOrder.toReversed())).toEqual(fit(inOrder));
  });

  it("adds exactly: a column and its mirror image are equally good, so the first is always taken", () => {
    const few = 200; // each value has a bin, or the bins would not mirror each other
    const mirrored = Float64Array.from({ length: few * 2 }, (_, at) => (1 - 2 * (at % 2)) * x.data[(at >> 1) * 3]!);
    const y: ClassTarget = { ...classes, labels: classes.labels.slice(0, few) };
    const { importance } = fitGradientBoosting(matrix(mirrored, few, 2), y, { n_estimators: 50 }, key);
    expect([...importance]).toEqual([1, 0]);
  });

  it("counts only the rows of the bag: half of 300 cannot be split into two leaves of 76", () => {
    const splits = (bagging_fraction: number) =>
      fitGradientBoosting(x, values, { n_estimators: 1, min_data_in_leaf: 76, bagging_fraction }, key).trees[0]!;
    expect(splits(0.5).feature).toHaveLength(1);
    expect(splits(1).feature.length).toBeGreaterThan(1);
  });

  it("limits depth and leaves", () => {
    const { trees } = fitGradientBoosting(x, values, { n_estimators: 3, max_depth: 2, min_data_in_leaf: 1 }, key);
    expect(Math.max(...trees.map(({ feature }) => feature.length))).toBe(7);
    const small = fitGradientBoosting(x, values, { n_estimators: 3, num_leaves: 5 }, key).trees;
    expect(small.map(({ feature }) => feature.filter((f) => f < 0).length)).toEqual([5, 5, 5]);
  });

  it("searches only the drawn share of columns in a tree", () => {
    const { trees } = fitGradientBoosting(x, values, { n_estimators: 20, feature_fraction: 0.3 }, key);
    for (const { feature } of trees) expect(new Set(feature.filter((f) => f >= 0)).size).toBeLessThanOrEqual(1);
    expect(new Set(trees.flatMap(({ feature }) => [...feature])).size).toBe(4); // three columns, and −1 of leaves
  });

  it("makes no split that gains less than min_gain_to_split", () => {
    const { trees } = fitGradientBoosting(x, values, { n_estimators: 1, min_gain_to_split: 1e6 }, key);
    expect([...trees[0]!.feature]).toEqual([-1]);
  });

  it.each<[GradientBoostingParams, string]>([
    [{ n_estimators: 0 }, `"n_estimators" expected an integer >= 1, got 0`],
    [{ learning_rate: 0 }, `"learning_rate" expected a number in (0, 1], got 0`],
    [{ num_leaves: 1 }, `"num_leaves" expected an integer >= 2, got 1`],
    [{ max_bin: 300 }, `"max_bin" expected an integer in 2..256, got 300`],
    [{ lambda_l2: -1 }, `"lambda_l2" expected a number >= 0, got -1`],
    [{ bagging_fraction: 1.5 }, `"bagging_fraction" expected a number in (0, 1], got 1.5`],
  ])("refuses %o", (params, message) => {
    expect(() => fitGradientBoosting(x, values, params, key)).toThrow(new ArgumentError(message));
  });
});

describe("properties of boosted trees", () => {
  const column = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 12, maxLength: 80 });

  it("has at least min_data_in_leaf rows of the bag in each leaf", () => {
    fc.assert(
      fc.property(column, fc.integer({ min: 1, max: 5 }), (data, min_data_in_leaf) => {
        const one = matrix(Float64Array.from(data), data.length, 1);
        const y: ValueTarget = { kind: "values", values: Float64Array.from(data, (_, i) => (i * 7) % 11) };
        const { trees } = fitGradientBoosting(one, y, { n_estimators: 2, min_data_in_leaf }, key);
        return trees.every((tree) => {
          const counts = new Map<number, number>();
          const features = Float64Array.from(data);
          features.forEach((_, row) => {
            const leaf = findLeaf(tree, features, row);
            counts.set(leaf, (counts.get(leaf) ?? 0) + 1);
          });
          const leaves = tree.feature.filter((feature) => feature < 0).length;
          return leaves === 1 || (counts.size === leaves && Math.min(...counts.values()) >= min_data_in_leaf);
        });
      }),
    );
  });

  it("has leaves on a grid, so that sums of any order are exact", () => {
    fc.assert(
      fc.property(column, fc.double({ min: 1e-6, max: 1e12, noNaN: true }), (data, unit) => {
        const one = matrix(Float64Array.from(data.keys()), data.length, 1);
        const y: ValueTarget = { kind: "values", values: Float64Array.from(data, (value) => value * unit) };
        const { trees } = fitGradientBoosting(one, y, { n_estimators: 10, min_data_in_leaf: 2 }, key);
        const terms = trees.map(({ value }) => Math.max(...value));
        const sumOf = (list: readonly number[]) => list.reduce((sum, term) => sum + term, 0);
        const orders = [terms, terms.toReversed(), terms.toSorted((a, b) => a - b)];
        return new Set(orders.map(sumOf)).size === 1;
      }),
    );
  });
});

function predictedValues(estimator: ReturnType<typeof fitGradientBoosting>, x: Matrix): Float64Array {
  const prediction = predictTrees(estimator, x);
  if (prediction.kind !== "values") throw new Error("expected values");
  return prediction.values;
}

function rSquared(predicted: Float64Array, actual: Float64Array): number {
  const mean = actual.reduce((a, b) => a + b, 0) / actual.length;
  const squares = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0);
  return 1 - squares(actual.map((v, i) => v - predicted[i]!)) / squares(actual.map((v) => v - mean));
}
