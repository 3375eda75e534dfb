import { describe, expect, it } from "vitest";
import type { Tree, TreeEstimator } from "../base/estimator.ts";
import { matrix } from "../base/matrix.ts";
import { anomalyScores, predictTrees, sumTrees } from "./predict-trees.ts";

/** One cut of column 0; leaves that add to `output`. */
const cut = (threshold: number, low: readonly number[], high: readonly number[], output: number): Tree => ({
  feature: Int32Array.of(0, -1, -1),
  threshold: Float64Array.of(threshold, 0, 0),
  left: Int32Array.of(1, -1, -1),
  right: Int32Array.of(2, -1, -1),
  output,
  value: Float64Array.of(...low.map(() => 0), ...low, ...high),
});
const column = (...values: number[]) => matrix(Float64Array.from(values), values.length, 1);
const boosted = (trees: readonly Tree[], base: readonly number[], link: TreeEstimator["link"]): TreeEstimator => ({
  kind: "trees",
  trees,
  outputs: base.length,
  base: Float64Array.from(base),
  scale: 1,
  link,
  classes: link === "identity" ? 0 : Math.max(2, base.length),
  importance: Float64Array.of(1),
});

it("takes trees of more nodes than the engine takes arguments of a call", () => {
  const nodes = 300_000;
  const stump = cut(0, [1], [3], 0);
  const tree: Tree = {
    feature: Int32Array.from({ length: nodes }, (_, node) => stump.feature[node] ?? -1),
    threshold: new Float64Array(nodes),
    left: Int32Array.from({ length: nodes }, (_, node) => stump.left[node] ?? -1),
    right: Int32Array.from({ length: nodes }, (_, node) => stump.right[node] ?? -1),
    output: 0,
    value: Float64Array.from({ length: nodes }, (_, node) => stump.value[node] ?? 0),
  };
  expect(anomalyScores({ trees: [tree], normalizer: 1 } as never, column(-1, 1))).toHaveLength(2);
});

describe("sumTrees", () => {
  it("adds leaves to the output that each tree names", () => {
    const trees = [cut(0, [1], [2], 0), cut(5, [10], [20], 1)];
    expect([...sumTrees(trees, 2, column(-1, 3, 7))]).toEqual([1, 10, 2, 10, 2, 20]);
  });
  it("adds all outputs of a leaf where a tree names none", () => {
    expect([...sumTrees([cut(0, [1, 2], [3, 4], -1)], 2, column(0, 1))]).toEqual([1, 2, 3, 4]);
  });
  it("sends equal left, and missing and infinite right", () => {
    const tree = cut(0.5, [-1], [1], 0);
    expect([...sumTrees([tree], 1, column(0.5, NaN, Infinity, -Infinity))]).toEqual([-1, 1, 1, -1]);
  });
  it("compares in double: the next number above the threshold goes right", () => {
    expect([...sumTrees([cut(1, [-1], [1], 0)], 1, column(1, 1 + 2 ** -52))]).toEqual([-1, 1]);
  });
});

describe("predictTrees", () => {
  it("multiplies the sum, then adds the base: of each output its own", () => {
    const identity = { ...boosted([cut(0, [1], [3], 0)], [1e6], "identity"), scale: 1 / 3 };
    expect(predictTrees(identity, column(-1, 1))).toEqual({
      kind: "values",
      values: Float64Array.of(1 / 3 + 1e6, 1e6 + 1),
    });
    const shares = { ...boosted([cut(0, [1, 0], [0.5, 0.5], -1)], [0.25, 0.5], "probability"), scale: 0.5 };
    expect(predictTrees(shares, column(-1, 1))).toMatchObject({
      probabilities: { data: Float64Array.of(0.75, 0.5, 0.5, 0.75) },
    });
  });
  it("turns one score into two probabilities", () => {
    const prediction = predictTrees(boosted([cut(0, [0], [Math.log(3)], 0)], [0], "logistic"), column(0, 1));
    if (prediction.kind !== "probabilities") throw new Error("expected probabilities");
    expect([...prediction.probabilities.data].map((p) => p.toFixed(6))).toEqual([
      "0.500000",
      "0.500000",
      "0.250000",
      "0.750000",
    ]);
  });
  it("turns scores into probabilities by softmax, however large", () => {
    const prediction = predictTrees(boosted([], [1000, 1000, 1000, 1000], "softmax"), column(0));
    expect(prediction).toMatchObject({ probabilities: { data: Float64Array.of(0.25, 0.25, 0.25, 0.25) } });
  });
  it("takes averages of fractions as probabilities", () => {
    const estimator = { ...boosted([cut(0, [0.25, 0.75], [1, 0], -1)], [0, 0], "probability") };
    expect(predictTrees(estimator, column(-1))).toMatchObject({ probabilities: { data: Float64Array.of(0.25, 0.75) } });
  });
  it("answers no rows with none", () => {
    expect(predictTrees(boosted([], [0], "identity"), column())).toEqual({
      kind: "values",
      values: new Float64Array(),
    });
  });
});

describe("anomalyScores", () => {
  it("is 2·(0.5 − 2^(−path / c)): 0 at the average path, nearer 1 the longer", () => {
    const trees = [cut(0, [4], [8], 0), cut(0, [4], [8], 0)];
    const forest = { kind: "isolation-forest", trees, normalizer: 4, threshold: 0 } as const;
    expect([...anomalyScores(forest, column(-1, 1))]).toEqual([0, 0.5]);
  });
  it("refuses too few columns", () => {
    const forest = { kind: "isolation-forest", trees: [cut(0, [4], [8], 0)], normalizer: 4, threshold: 0 } as const;
    expect(() => anomalyScores(forest, matrix(new Float64Array(), 3, 0))).toThrow(/at least 1 columns/);
  });
});
