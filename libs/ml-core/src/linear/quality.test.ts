/** Cross-validated scores on real data, against scikit-learn's with the same algorithm (other folds, so within 0.02). */
import { classesOf, type Example, readExample } from "@mintmark/testing/examples";
import { describe, expect, it } from "vitest";
import { takeRows } from "../base/matrix.ts";
import type { Column } from "../base/preprocessing.ts";
import type { ClassTarget } from "../base/target.ts";
import { regressionMetrics } from "../metrics/regression.ts";
import { predict } from "../predict.ts";
import { fitPreprocessor } from "../preprocess/fit-preprocessor.ts";
import { transform } from "../preprocess/transform.ts";
import { kFold } from "../split/k-fold.ts";
import { fitTfidfLogisticRegression } from "../text/tfidf-logistic-regression.ts";
import { golden } from "./golden.fixture.ts";
import { fitLinearRegression } from "./linear-regression.ts";
import { fitLogisticRegression } from "./logistic-regression.ts";
import { fitRidge } from "./ridge.ts";

describe("five-fold quality", () => {
  it.each(["iris", "wine", "breast_cancer", "digits", "titanic"])("logistic-regression on %s", (name) => {
    const score = accuracyOver(readExample(name), ({ train, test, y }) => {
      const numbers = train.filter((column) => column.type === "number").map((column) => column.name);
      const preprocessor = fitPreprocessor(train, [{ "standard-scale": numbers }], { defaultText: "one-hot" });
      const { estimator } = fitLogisticRegression(transform(preprocessor, train), y, { max_iter: 10_000 });
      return predict(estimator, transform(preprocessor, test));
    });
    expectAsGood(score, `logistic-regression ${name} accuracy`);
  });

  it("tfidf-logistic-regression on debian_sections", () => {
    const score = accuracyOver(readExample("debian_sections"), ({ train, test, y }) => {
      const { estimator } = fitTfidfLogisticRegression(textsOf(train), y, { max_iter: 1000 });
      return predict(estimator, textsOf(test));
    });
    expectAsGood(score, "tfidf-logistic-regression debian_sections accuracy");
    expectAsGood(score, "tfidf-logistic-regression (token_pattern \\S+) debian_sections accuracy");
  });

  it.each([
    ["linear-regression", fitLinearRegression],
    ["ridge", fitRidge],
  ] as const)("%s on diabetes", (name, fit) => {
    const { features, target } = readExample("diabetes");
    const x = transform(fitPreprocessor(features, [], { defaultText: "one-hot" }), features);
    const values = Float64Array.from(target, Number);
    const scores = kFold(x.rows, { folds: 5, stratify: null, seed: 1 }).map(({ train, test }) => {
      const y = { kind: "values" as const, values: Float64Array.from(train, (row) => values[row]!) };
      const prediction = predict(fit(takeRows(x, train), y).estimator, takeRows(x, test));
      if (prediction.kind !== "values") throw new TypeError("expected values");
      return regressionMetrics(
        Float64Array.from(test, (row) => values[row]!),
        prediction.values,
      ).values["r2"]!;
    });
    expectAsGood(mean(scores), `${name} diabetes r2`);
  });
});

interface FoldData {
  readonly train: readonly Column[];
  readonly test: readonly Column[];
  readonly y: ClassTarget;
}

function accuracyOver({ features, target }: Example, run: (fold: FoldData) => ReturnType<typeof predict>): number {
  const y = classesOf(target);
  const folds = kFold(target.length, { folds: 5, stratify: y.labels, seed: 1 });
  const scores = folds.map(({ train, test }) => {
    const labels = Int32Array.from(train, (row) => y.labels[row]!);
    const prediction = run({
      train: takeColumns(features, train),
      test: takeColumns(features, test),
      y: { ...y, labels },
    });
    if (prediction.kind !== "classes") throw new TypeError("expected classes");
    return mean(Array.from(test, (row, i) => (prediction.labels[i] === y.labels[row] ? 1 : 0)));
  });
  return mean(scores);
}

function takeColumns(columns: readonly Column[], rows: Int32Array): Column[] {
  return columns.map((column) =>
    column.type === "number"
      ? { ...column, values: Float64Array.from(rows, (row) => column.values[row]!) }
      : { ...column, values: Array.from(rows, (row) => column.values[row]!) },
  );
}

function textsOf(columns: readonly Column[]): readonly string[] {
  const [column] = columns;
  if (column?.type !== "text") throw new TypeError("expected a text column");
  return column.values;
}

function expectAsGood(score: number, name: string): void {
  expect(score, name).toBeGreaterThan(golden.quality[name]! - 0.02);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
