/**
 * Trees against scikit-learn and LightGBM on real data; `golden/trees/make.py` wrote what they answer.
 * @module
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { TreeEstimator } from "../base/estimator.ts";
import { type Matrix, takeRows } from "../base/matrix.ts";
import type { RngKey } from "../base/rng.ts";
import type { Target } from "../base/target.ts";
import { fitDecisionStump } from "../tree/decision-stump.ts";
import { type DecisionTreeParams, fitDecisionTree } from "../tree/decision-tree.ts";
import { drawDistinct } from "../tree/draw.ts";
import { anomalyScores, predictTrees } from "../tree/predict-trees.ts";
import { fitGradientBoosting, type GradientBoostingParams } from "./gradient-boosting.ts";
import { fitIsolationForest } from "./isolation-forest.ts";
import { fitRandomForest } from "./random-forest.ts";

interface TreeCase {
  readonly set: string;
  readonly params: DecisionTreeParams;
  readonly leaves: number;
  /** Null where equally good columns make it a matter of chance. */
  readonly importance: readonly number[] | null;
  readonly predictions: readonly number[];
}
interface BoostingCase {
  readonly set: string;
  readonly params: GradientBoostingParams;
  /** Probabilities row by row, or values. */
  readonly predictions: readonly number[];
}
interface Quality {
  readonly scores: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly isolation: Readonly<Record<"roc_auc" | "mean_score" | "threshold" | "anomalies", number>>;
}
const { cases } = readJson<{ readonly cases: readonly TreeCase[] }>("decision-tree.json");
const boosting = readJson<{ readonly cases: readonly BoostingCase[] }>("boosting.json").cases;
const quality = readJson<Quality>("quality.json");

describe("a decision tree like scikit-learn's, where no two splits are equally good", () => {
  it.each(cases)("grows the same on $set with $params", ({ set, params, leaves, importance, predictions }) => {
    const { x, y } = readSet(set);
    const estimator = fitDecisionTree(x, y, params, { hi: 1, lo: 1 });
    expect(estimator.trees[0]!.feature.filter((feature) => feature < 0)).toHaveLength(leaves);
    importance?.forEach((value, j) => {
      expect(estimator.importance[j]).toBeCloseTo(value, 9);
    });
    // Values are below 512; both add them up in double.
    answersOf(estimator, x).forEach((answer, row) => {
      expect(Math.abs(answer - predictions[row]!)).toBeLessThanOrEqual(2 ** -40);
    });
  });
});

describe("gradient boosting like LightGBM's, where each value has a bin of its own", () => {
  it.each(boosting)("predicts the same on $set with $params", ({ set, params, predictions }) => {
    const { x, y } = readSet(set);
    const rows = Array.from({ length: x.rows }, (_, row) => row)
      .filter((row) => row % 2 === 0)
      .slice(0, 250);
    const some = takeRows(x, rows);
    const prediction = predictTrees(fitGradientBoosting(some, takeTarget(y, rows), params, { hi: 1, lo: 1 }), some);
    const ours = prediction.kind === "values" ? prediction.values : prediction.probabilities.data;
    const worst = ours.reduce((most, value, i) => Math.max(most, Math.abs(value / predictions[i]! - 1)), 0);
    expect(worst).toBeLessThan(1e-5);
  });
});

type Fit = (x: Matrix, y: Target, key: RngKey) => TreeEstimator;
/** Where several splits are equally good, scikit-learn takes one by chance: the mean over seeds is what compares. */
const algorithms: readonly (readonly [name: string, seeds: number, fit: Fit])[] = [
  ["decision-tree", 5, inRandomColumnOrder((x, y, key) => fitDecisionTree(x, y, {}, key))],
  ["decision-stump", 1, (x, y, key) => fitDecisionStump(x, y, {}, key)],
  ["random-forest", 1, (x, y, key) => fitRandomForest(x, y, {}, key)],
  ["gradient-boosting", 1, (x, y, key) => fitGradientBoosting(x, y, {}, key)],
];

describe.each(algorithms)("%s on real data, five folds", (algorithm, seeds, fit) => {
  it.each(Object.entries(quality.scores[algorithm]!))(
    "is no more than 0.02 below scikit-learn on %s",
    (set, theirs) => {
      expect(foldsScore(set, fit, seeds)).toBeGreaterThanOrEqual(theirs - 0.02);
    },
  );
});

describe("an isolation forest like scikit-learn's, on breast_cancer", () => {
  const { x, y } = readSet("breast_cancer");
  const theirs = quality.isolation;
  const fit = (x: Matrix, lo: number) => fitIsolationForest(x, { contamination: 0.1 }, { hi: 3, lo });

  it("tells malignant rows of five folds as well, within 0.02 of ROC AUC, mean of 10 keys", () => {
    const labels = y.kind === "classes" ? y.labels : new Int32Array();
    const scores = fiveFolds(x.rows).flatMap(({ train, test }) =>
      Array.from({ length: 10 }, (_, lo) => {
        const scores = anomalyScores(fit(takeRows(x, train), lo), takeRows(x, test));
        return rocAuc(
          test.map((row) => labels[row]!),
          scores,
        );
      }),
    );
    expect(Math.abs(meanOf(scores) - theirs.roc_auc)).toBeLessThan(0.02);
  });
  it("gives scores of the same middle and threshold, within 0.01, and calls as many rows anomalies", () => {
    const runs = Array.from({ length: 10 }, (_, lo) => {
      const estimator = fit(x, lo);
      return { scores: anomalyScores(estimator, x), threshold: estimator.threshold };
    });
    expect(Math.abs(meanOf(runs.map(({ scores }) => meanOf(scores))) - theirs.mean_score)).toBeLessThan(0.01);
    expect(Math.abs(meanOf(runs.map(({ threshold }) => threshold)) - theirs.threshold)).toBeLessThan(0.01);
    for (const { scores, threshold } of runs)
      expect(scores.filter((score) => score < threshold)).toHaveLength(theirs.anomalies);
  });
});

/** Mean over seeds and five folds (row modulo 5) of accuracy or R². */
function foldsScore(set: string, fit: Fit, seeds: number): number {
  const { x, y } = readSet(set);
  const scores: number[] = [];
  for (let seed = 0; seed < seeds; seed++)
    for (const { train, test } of fiveFolds(x.rows)) {
      const estimator = fit(takeRows(x, train), takeTarget(y, train), { hi: 11, lo: seed });
      scores.push(score(takeTarget(y, test), answersOf(estimator, takeRows(x, test))));
    }
  return meanOf(scores);
}

function fiveFolds(count: number): { readonly train: number[]; readonly test: number[] }[] {
  const rows = Array.from({ length: count }, (_, row) => row);
  return Array.from({ length: 5 }, (_, fold) => ({
    train: rows.filter((row) => row % 5 !== fold),
    test: rows.filter((row) => row % 5 === fold),
  }));
}

function score(y: Target, answers: readonly number[]): number {
  if (y.kind === "classes") return meanOf(answers.map((answer, i) => (answer === y.labels[i] ? 1 : 0)));
  const mean = meanOf(y.values);
  const total = meanOf(y.values.map((value) => (value - mean) ** 2));
  return 1 - meanOf(y.values.map((value, i) => (value - answers[i]!) ** 2)) / total;
}

/** The most probable class, or the value, of each row. */
function answersOf(estimator: TreeEstimator, x: Matrix): number[] {
  const prediction = predictTrees(estimator, x);
  if (prediction.kind === "values") return [...prediction.values];
  const { data, rows, cols } = prediction.probabilities;
  return Array.from({ length: rows }, (_, row) => {
    const shares = data.subarray(row * cols, (row + 1) * cols);
    return shares.indexOf(Math.max(...shares));
  });
}

/** Mann & Whitney: the share of pairs in which the row of class 1 has the lower score. */
function rocAuc(labels: readonly number[], scores: Float64Array): number {
  const of = (label: number) => [...scores.filter((_, row) => labels[row] === label)];
  const zeros = of(0);
  return meanOf(of(1).flatMap((one) => zeros.map((zero) => (one < zero ? 1 : one === zero ? 0.5 : 0))));
}

function meanOf(values: ArrayLike<number>): number {
  return Array.from(values).reduce((a, b) => a + b, 0) / values.length;
}

/** Fits on shuffled columns: ties, which go to the first column, go to one by chance. */
function inRandomColumnOrder(fit: Fit): Fit {
  return (x, y, key) => {
    const columns = drawDistinct(x.cols, x.cols, key);
    const shuffled = Float64Array.from(x.data, (_, at) => x.data[at - (at % x.cols) + columns[at % x.cols]!]!);
    const { trees, ...estimator } = fit({ ...x, data: shuffled }, y, key);
    const back = (feature: number) => (feature < 0 ? feature : columns[feature]!);
    return { ...estimator, trees: trees.map((tree) => ({ ...tree, feature: tree.feature.map(back) })) };
  };
}

function takeTarget(y: Target, rows: readonly number[]): Target {
  if (y.kind === "classes") return { ...y, labels: Int32Array.from(rows, (row) => y.labels[row]!) };
  return { ...y, values: Float64Array.from(rows, (row) => y.values[row]!) };
}

/** A set of `examples/`: the last column is the target; text becomes its rank in code-point order. */
function readSet(name: string): { readonly x: Matrix; readonly y: Target } {
  const [head, ...lines] = readFileSync(new URL(`../../../../examples/${name}.csv`, import.meta.url), "utf8")
    .trim()
    .split("\n");
  const cols = head!.split(",").length;
  const cells = lines.map((line) => line.split(","));
  const columns = Array.from({ length: cols }, (_, j) => toNumbers(cells.map((row) => row[j]!)));
  const data = Float64Array.from({ length: cells.length * (cols - 1) }, (_, at) => {
    return columns[at % (cols - 1)]![Math.floor(at / (cols - 1))]!;
  });
  const x = { data, rows: cells.length, cols: cols - 1 };
  const target = columns[cols - 1]!;
  if (name === "diabetes") return { x, y: { kind: "values", values: Float64Array.from(target) } };
  return { x, y: { kind: "classes", labels: Int32Array.from(target), classes: Math.max(...target) + 1 } };
}

function toNumbers(cells: readonly string[]): number[] {
  const numbers = cells.map(Number);
  if (numbers.every(Number.isFinite)) return numbers;
  const categories = [...new Set(cells)].sort();
  return cells.map((cell) => categories.indexOf(cell));
}

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../golden/trees/${name}`, import.meta.url), "utf8")) as T;
}
