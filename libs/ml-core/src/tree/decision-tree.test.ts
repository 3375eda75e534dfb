import { estimatorBattery } from "@mintmark/testing/estimator-battery";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ArgumentError } from "../base/argument-error.ts";
import { matrix } from "../base/matrix.ts";
import type { ClassTarget, ValueTarget } from "../base/target.ts";
import { fitDecisionStump } from "./decision-stump.ts";
import { type DecisionTreeParams, fitDecisionTree } from "./decision-tree.ts";
import { predictTrees, sumTrees } from "./predict-trees.ts";

const key = { hi: 1, lo: 2 };
const column = (...values: number[]) => matrix(Float64Array.from(values), values.length, 1);
const classesOf = (...labels: number[]): ClassTarget => ({
  kind: "classes",
  labels: Int32Array.from(labels),
  classes: Math.max(...labels) + 1,
});
const valuesOf = (...values: number[]): ValueTarget => ({ kind: "values", values: Float64Array.from(values) });

estimatorBattery("decision tree of classes", {
  task: "classes",
  fit: (x, y, key) => fitDecisionTree(x, y, { max_features: "sqrt", min_samples_leaf: 3 }, key),
  predict: predictTrees,
});
estimatorBattery("decision tree of values", {
  task: "values",
  fit: (x, y, key) => fitDecisionTree(x, y, { max_depth: 4 }, key),
  predict: predictTrees,
});
estimatorBattery("decision stump", {
  task: "classes",
  fit: (x, y, key) => fitDecisionStump(x, y, {}, key),
  predict: predictTrees,
});

describe("fitDecisionTree", () => {
  it("cuts where the most impurity goes, worked by hand", () => {
    // Squares before: (3² + 2²) / 5 = 2.6. Cut after 3: 3²/3 + 2²/2 = 5, all of the weight. Middle of 3 and 10 is 6.5.
    const { trees, importance } = fitDecisionTree(column(1, 2, 3, 10, 11), classesOf(0, 0, 0, 1, 1), {}, key);
    expect(trees).toEqual([
      {
        feature: Int32Array.of(0, -1, -1),
        threshold: Float64Array.of(6.5, 0, 0),
        left: Int32Array.of(1, -1, -1),
        right: Int32Array.of(2, -1, -1),
        output: -1,
        value: Float64Array.of(0, 0, 1, 0, 0, 1),
      },
    ]);
    expect(importance).toEqual(Float64Array.of(1));
  });

  it("predicts means of values, worked by hand", () => {
    const estimator = fitDecisionStump(column(0, 1, 2, 3), valuesOf(1, 3, 10, 12), {}, key);
    expect(predictTrees(estimator, column(-5, 1.5, 1.6, NaN))).toEqual({
      kind: "values",
      values: Float64Array.of(2, 2, 11, 11),
    });
  });

  it("learns a parity, whose first split removes nothing", () => {
    const x = matrix(Float64Array.of(0, 0, 0, 1, 1, 0, 1, 1), 4, 2);
    const estimator = fitDecisionTree(x, classesOf(0, 1, 1, 0), {}, key);
    expect([...sumTrees(estimator.trees, estimator.outputs, x)]).toEqual([1, 0, 0, 1, 0, 1, 1, 0]);
    expect(estimator.importance.reduce((a, b) => a + b)).toBe(1);
  });

  it("is a single leaf of class fractions where the features are constant", () => {
    const estimator = fitDecisionTree(column(7, 7, 7, 7), classesOf(0, 1, 1, 1), {}, key);
    expect(estimator.trees[0]!.feature).toEqual(Int32Array.of(-1));
    expect(predictTrees(estimator, column(1))).toMatchObject({
      probabilities: { data: Float64Array.of(0.25, 0.75) },
    });
    expect(estimator.importance).toEqual(Float64Array.of(0));
  });

  it("cuts between neighbours in double, with the lower one going left", () => {
    const a = 1;
    const b = 1 + 2 ** -52; // the next double
    const estimator = fitDecisionTree(column(a, b), classesOf(0, 1), {}, key);
    expect(estimator.trees[0]!.threshold[0]).toBe(a);
  });

  it("gives each of 200 milliseconds in a row its own answer, which in float32 would be one", () => {
    const times = Array.from({ length: 200 }, (_, i) => 1_750_000_000_000 + i);
    const answers = times.map((_, i) => (i * 7919) % 211);
    const estimator = fitDecisionTree(column(...times), valuesOf(...answers), {}, key);
    const predicted = predictTrees(estimator, column(...times));
    if (predicted.kind !== "values") throw new Error("expected values");
    expect([...predicted.values].map(Math.round)).toEqual(answers);
  });

  it("limits leaves by splitting first where most is gained", () => {
    // The zeros and the one stay together: what cutting them apart removes is nothing beside the hundred.
    const x = column(0, 1, 2, 3, 4, 5);
    const { trees } = fitDecisionTree(x, valuesOf(0, 1, 0, 100, 200, 200), { max_leaf_nodes: 3 }, key);
    const cuts = [...trees[0]!.threshold].filter((_, node) => trees[0]!.feature[node] === 0);
    expect(cuts.sort()).toEqual([2.5, 3.5]);
  });

  it("searches past the allowed number of columns while all of those are constant", () => {
    const x = matrix(new Float64Array(4 * 9), 4, 9);
    x.data.set([1], 8); // only the last column varies
    x.data.set([2], 17);
    const estimator = fitDecisionTree(x, classesOf(0, 1, 2, 2), { max_features: "log2" }, key);
    expect(estimator.importance[8]).toBe(1);
    expect(estimator.trees[0]!.feature).toHaveLength(5);
  });

  it("refuses features beyond 2^1000 and targets beyond 2^400, naming their place", () => {
    const x = matrix(Float64Array.of(1, 2, 3, 1e308), 2, 2);
    expect(() => fitDecisionTree(x, classesOf(0, 1), {}, key)).toThrow(/got 1e\+308 at row 1, column 1/);
    expect(() => fitDecisionTree(column(1, 2), valuesOf(0, 1e121), {}, key)).toThrow(
      /up to 2\^400.*got 1e\+121 at row 1/,
    );
  });

  it("learns targets up to 2^400 in size", () => {
    const estimator = fitDecisionTree(column(1, 2, 3), valuesOf(-(2 ** 400), 0, 2 ** 400), {}, key);
    expect(predictTrees(estimator, column(1, 2, 3))).toEqual({
      kind: "values",
      values: Float64Array.of(-(2 ** 400), 0, 2 ** 400),
    });
  });

  it("keeps huge values to within 50 bits", () => {
    const values = Array.from({ length: 50 }, (_, i) => 1e6 + i * 2e7);
    const estimator = fitDecisionTree(column(...values.keys()), valuesOf(...values), {}, key);
    const predicted = predictTrees(estimator, column(...values.keys()));
    if (predicted.kind !== "values") throw new Error("expected values");
    const worst = predicted.values.reduce((most, value, i) => Math.max(most, Math.abs(value - values[i]!)), 0);
    expect(worst).toBeLessThanOrEqual(1e9 * 2 ** -50);
  });

  it("makes the same splits by entropy as by Gini where one split is perfect", () => {
    const fit = (criterion: "gini" | "entropy") =>
      fitDecisionTree(column(1, 2, 3, 10, 11), classesOf(0, 0, 1, 1, 1), { criterion }, key).trees;
    expect(fit("entropy")).toEqual(fit("gini"));
  });

  it.each<[DecisionTreeParams, string]>([
    [{ max_depth: 0 }, `"max_depth" expected an integer >= 1, got 0`],
    [{ min_samples_split: 1 }, `"min_samples_split" expected an integer >= 2, got 1`],
    [{ min_samples_leaf: 0.5 }, `"min_samples_leaf" expected an integer >= 1, got 0.5`],
    [{ max_leaf_nodes: 1 }, `"max_leaf_nodes" expected an integer >= 2, got 1`],
    [{ criterion: "squared_error" }, `"criterion" expected one of gini, entropy, log_loss, got squared_error`],
  ])("refuses %o", (params, message) => {
    expect(() => fitDecisionTree(column(1, 2), classesOf(0, 1), params, key)).toThrow(new ArgumentError(message));
  });

  it("refuses another number of columns at prediction", () => {
    const estimator = fitDecisionTree(column(1, 2), classesOf(0, 1), {}, key);
    expect(() => predictTrees(estimator, matrix(new Float64Array(4), 2, 2))).toThrow(/expected 1 columns.*got 2/);
  });
});

const rows = fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.float({ noNaN: true, min: -5, max: 5 })), {
  minLength: 2,
  maxLength: 40,
});

describe("properties of a tree", () => {
  it("has at least min_samples_leaf rows in each leaf", () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 6 }), (data, min_samples_leaf) => {
        const x = matrix(Float64Array.from(data.flat()), data.length, 2);
        const { trees } = fitDecisionTree(x, valuesOf(...data.map((_, i) => (i * 7) % 5)), { min_samples_leaf }, key);
        const counts = new Map<number, number>();
        for (let row = 0; row < x.rows; row++) {
          const leaf = walk(trees[0]!, data[row]!);
          counts.set(leaf, (counts.get(leaf) ?? 0) + 1);
        }
        const leaves = trees[0]!.feature.filter((feature) => feature < 0).length;
        return leaves === 1 || (counts.size === leaves && Math.min(...counts.values()) >= min_samples_leaf);
      }),
    );
  });

  it("remembers rows that differ, however they are ordered", () => {
    fc.assert(
      fc.property(rows, (data) => {
        const seen = new Set<string>();
        const unlike = data.filter((row) => !seen.has(String(row)) && seen.add(String(row)));
        const x = matrix(Float64Array.from(unlike.flat()), unlike.length, 2);
        const values = unlike.map((_, i) => (i * 7) % 5);
        const estimator = fitDecisionTree(x, valuesOf(...values), {}, key);
        const predicted = predictTrees(estimator, x);
        return (
          predicted.kind === "values" && predicted.values.every((value, i) => Math.abs(value - values[i]!) < 1e-12)
        );
      }),
    );
  });
});

/** An independent reading of a tree: recursive, and in the words of the rule. */
function walk(tree: ReturnType<typeof fitDecisionTree>["trees"][number], row: readonly number[], node = 0): number {
  const feature = tree.feature[node]!;
  if (feature === -1) return node;
  const goesLeft = row[feature]! <= tree.threshold[node]!;
  return walk(tree, row, goesLeft ? tree.left[node]! : tree.right[node]!);
}
