/**
 * Regressions by trees against exact arithmetic: fractions of whole numbers of any length.
 * @module
 */
import { describe, expect, it } from "vitest";
import type { TreeEstimator } from "../base/estimator.ts";
import { type Matrix, matrix } from "../base/matrix.ts";
import { split, uniform } from "../base/rng.ts";
import { averageOf, goalOf } from "../tree/decision-tree.ts";
import { growTree, rankColumns } from "../tree/grow.ts";
import { findLeaf, predictTrees } from "../tree/predict-trees.ts";
import { fitGradientBoosting } from "./gradient-boosting.ts";

const key = { hi: 3, lo: 5 };
const rows = 12;
const x = matrix(
  Float64Array.from({ length: rows * 2 }, (_, at) => uniform(key, at)),
  rows,
  2,
);
/** Targets in units of 2^-10, whose spread is about 1, and what is added to them: a million spreads. */
const units = Array.from({ length: rows }, (_, row) => BigInt(Math.round((uniform(key, 100 + row) - 0.5) * 3500)));
const offset = 10n ** 6n;
const target = Float64Array.from(units, (unit) => Number(offset) + Number(unit) / 1024);
const spread = deviation(Float64Array.from(units, (unit) => Number(unit) / 1024));

/** Whole numbers of 2^-300: a division by a small number is exact enough here. */
const ONE = 1n << 300n;
const wanted = units.map((unit) => (unit * ONE) / 1024n);

describe("a regression's error against exact arithmetic is at most 1e-6 of the spread, a million spreads from 0", () => {
  it.each([10, 1_000, 10_000])("in a forest of %i trees", (trees) => {
    const y = { kind: "values", values: target } as const;
    const ranked = rankColumns(x);
    const goal = goalOf(x, y);
    const limits = { depth: Infinity, rowsToSplit: 2, rowsInLeaf: 1, leaves: Infinity, searched: 1 };
    const samples = Array.from({ length: trees }, (_, t) => bootstrap(t));
    const grown = samples.map((weight, t) => growTree(ranked, goal, weight, limits, split(key, t)));
    const sums = new Array<bigint>(rows).fill(0n);
    grown.forEach(({ tree }, t) => {
      const { leaves, means } = leafMeans(tree, wanted, samples[t]!);
      for (let row = 0; row < rows; row++) sums[row]! += means.get(leaves[row]!)!;
    });
    expectClose(
      averageOf(grown, y),
      sums.map((sum) => sum / BigInt(trees)),
    );
  });

  it.each([10, 1_000, 10_000])("in boosting of %i iterations", (n_estimators) => {
    const params = { n_estimators, learning_rate: 2 ** -8, min_data_in_leaf: 2, num_leaves: 4 };
    const estimator = fitGradientBoosting(x, { kind: "values", values: target }, params, key);
    const everyRow = new Int32Array(rows).fill(1);
    const mean = wanted.reduce((sum, value) => sum + value, 0n) / BigInt(rows);
    const predicted = new Array<bigint>(rows).fill(mean);
    for (const tree of estimator.trees) {
      const residuals = wanted.map((value, row) => value - predicted[row]!);
      const { leaves, means } = leafMeans(tree, residuals, everyRow);
      for (let row = 0; row < rows; row++) predicted[row]! += means.get(leaves[row]!)! >> 8n;
    }
    expectClose(estimator, predicted);
  });
});

function bootstrap(t: number): Int32Array {
  const weight = new Int32Array(rows);
  for (let i = 0; i < rows; i++) weight[Math.floor(uniform(split(key, 1000 + t), i) * rows)]!++;
  return weight;
}

/** The leaf of each row, and of each leaf the mean of its rows by weight. */
function leafMeans(tree: TreeEstimator["trees"][number], values: readonly bigint[], weight: Int32Array) {
  const leaves = values.map((_, row) => findLeaf(tree, x.data, row * x.cols));
  const sums = new Map<number, { sum: bigint; weight: bigint }>();
  leaves.forEach((leaf, row) => {
    const { sum, weight: before } = sums.get(leaf) ?? { sum: 0n, weight: 0n };
    const own = BigInt(weight[row]!);
    sums.set(leaf, { sum: sum + own * values[row]!, weight: before + own });
  });
  const means = new Map(Array.from(sums, ([leaf, { sum, weight }]) => [leaf, weight === 0n ? 0n : sum / weight]));
  return { leaves, means };
}

/** @param exact without the offset */
function expectClose(estimator: TreeEstimator, exact: readonly bigint[]): void {
  const prediction = predictTrees(estimator, x as Matrix);
  if (prediction.kind !== "values") throw new Error("expected values");
  // Predictions are multiples of 2^-33, doubles near 10^6. What is below 2^-100 does not matter.
  const errors = exact.map((value, row) => {
    const ours = (BigInt(Math.round(prediction.values[row]! * 2 ** 33)) - offset * 2n ** 33n) * (ONE >> 33n);
    return Math.abs(Number((ours - value) >> 200n) / 2 ** 100);
  });
  expect(Math.max(...errors) / spread).toBeLessThanOrEqual(1e-6);
}

function deviation(values: Float64Array): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
