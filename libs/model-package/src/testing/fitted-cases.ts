/**
 * A fit of every algorithm on the example data, and a mix of numbers and categories.
 * @module
 */
import { readFileSync } from "node:fs";
import type { Estimator } from "@mintmark/ml-core/base/estimator";
import type { Matrix } from "@mintmark/ml-core/base/matrix";
import type { Column } from "@mintmark/ml-core/base/preprocessing";
import type { ClassTarget, Target, ValueTarget } from "@mintmark/ml-core/base/target";
import { fitKMeans } from "@mintmark/ml-core/cluster/k-means";
import { fitGradientBoosting } from "@mintmark/ml-core/ensemble/gradient-boosting";
import { fitIsolationForest } from "@mintmark/ml-core/ensemble/isolation-forest";
import { fitRandomForest } from "@mintmark/ml-core/ensemble/random-forest";
import { fitLinearRegression } from "@mintmark/ml-core/linear/linear-regression";
import { fitLogisticRegression } from "@mintmark/ml-core/linear/logistic-regression";
import { fitRidge } from "@mintmark/ml-core/linear/ridge";
import { fitPreprocessor } from "@mintmark/ml-core/preprocess/fit-preprocessor";
import type { Step } from "@mintmark/ml-core/preprocess/steps";
import { transform } from "@mintmark/ml-core/preprocess/transform";
import { fitTfidfLogisticRegression } from "@mintmark/ml-core/text/tfidf-logistic-regression";
import { fitDecisionStump } from "@mintmark/ml-core/tree/decision-stump";
import { fitDecisionTree } from "@mintmark/ml-core/tree/decision-tree";
import type { TrainedModel } from "../trained-model.ts";
import type { Case } from "./cases.ts";
import { inputOf } from "./random-model.ts";

const key = { hi: 0, lo: 42 };
const few = { n_estimators: 20 };
const close = 1e-12;

export function fittedCases(): Case[] {
  const iris = table("iris", "species");
  const diabetes = table("diabetes", "progression");
  const cancer = table("breast_cancer", "diagnosis");
  const titanic = table("titanic", "survival");
  const mixed = withNumber(titanic);
  const holed = withHoles(diabetes);
  const sections = table("debian_sections", "section");
  return [
    fitted("decision stump of iris", iris, 0, (x, y) => fitDecisionStump(x, y, {}, key)),
    fitted("decision tree of iris", iris, 0, (x, y) => fitDecisionTree(x, y, {}, key)),
    fitted("random forest of breast_cancer", cancer, 0, (x, y) => fitRandomForest(x, y, few, key)),
    fitted("boosting of breast_cancer", cancer, 0, (x, y) => fitGradientBoosting(x, y, few, key)),
    fitted("boosting of iris", iris, 0, (x, y) => fitGradientBoosting(x, y, few, key)),
    fitted("boosting of titanic", titanic, 0, (x, y) => fitGradientBoosting(x, y, few, key)),
    fitted("random forest of numbers and categories", mixed, 0, (x, y) => fitRandomForest(x, y, few, key)),
    fitted("boosting of numbers and categories", mixed, 0, (x, y) => fitGradientBoosting(x, y, few, key)),
    fitted("random forest of numbers with holes", holed, 0, (x, y) => fitRandomForest(x, y, few, key)),
    fitted("boosting of numbers with holes", holed, 0, (x, y) => fitGradientBoosting(x, y, few, key)),
    fitted("decision tree of diabetes", diabetes, 0, (x, y) => fitDecisionTree(x, y, {}, key)),
    fitted("random forest of diabetes", diabetes, 0, (x, y) => fitRandomForest(x, y, few, key)),
    fitted("boosting of diabetes", diabetes, 0, (x, y) => fitGradientBoosting(x, y, few, key)),
    fitted("isolation forest of breast_cancer", cancer, 0, (x) => fitIsolationForest(x, { contamination: 0.1 }, key)),
    fitted("linear regression of diabetes", diabetes, close, (x, y) => fitLinearRegression(x, values(y)).estimator),
    fitted("gradient descent of diabetes", diabetes, close, (x, y) => {
      return fitLinearRegression(x, values(y), { solver: "gradient-descent" }).estimator;
    }),
    fitted("ridge of diabetes", diabetes, close, (x, y) => fitRidge(x, values(y)).estimator),
    fitted("logistic regression of iris", iris, close, (x, y) => fitLogisticRegression(x, classes(y)).estimator),
    fitted("logistic regression of categories", mixed, close, (x, y) => fitLogisticRegression(x, classes(y)).estimator),
    fitted("k-means of iris", iris, close, (x) => fitKMeans(x, { n_clusters: 3 }, key).estimator),
    fittedText(sections),
  ];
}

interface Table {
  readonly columns: readonly Column[];
  readonly target: Target;
  /** Null for a target of numbers. */
  readonly classes: readonly string[] | null;
}

type Fit = (x: Matrix, y: Target) => Estimator;

function fitted(name: string, { columns, target, classes }: Table, tolerance: number, fit: Fit): Case {
  const isTrees = tolerance === 0;
  const numbers = columns.filter(({ type }) => type === "number").map((column) => column.name);
  const steps: Step[] = isTrees || numbers.length === 0 ? [] : [{ "standard-scale": numbers }];
  const preprocessor = fitPreprocessor(columns, steps, {
    defaultText: isTrees ? "ordinal" : "one-hot",
    missing: isTrees ? "largest" : "refused",
  });
  const estimator = fit(transform(preprocessor, columns), target);
  const isClassifier = estimator.kind === "logistic" || (estimator.kind === "trees" && estimator.classes > 0);
  const model: TrainedModel = {
    task: isClassifier ? "classification" : "regression",
    inputs: preprocessor.encoders.map((encoder) => inputOf(encoder)),
    preprocessor,
    estimator,
    classes: isClassifier ? classes : null,
    output: { name: null, labels: null },
  };
  return { name: `fitted: ${name}`, model, columns, tolerance };
}

function fittedText({ columns, target, classes: names }: Table): Case {
  const texts = columns[0]!.values as readonly string[];
  const { estimator } = fitTfidfLogisticRegression(texts, classes(target), { ngram_range: [1, 2], max_iter: 20 });
  const model: TrainedModel = {
    task: "text",
    inputs: [
      { name: columns[0]!.name, type: "text", column: { name: columns[0]!.name, type: "text", optional: true } },
    ],
    preprocessor: { encoders: [] },
    estimator,
    classes: names,
    output: { name: null, labels: null },
  };
  return { name: "fitted: texts of debian_sections", model, columns, tolerance: close };
}

function table(name: string, target: string): Table {
  const [header, ...rows] = readCsv(new URL(`../../../../examples/${name}.csv`, import.meta.url));
  const column = (at: number): Column => {
    const cells = rows.map((row) => row[at]!);
    return cells.every((cell) => cell !== "" && Number.isFinite(Number(cell)))
      ? { type: "number", name: header![at]!, values: Float64Array.from(cells, Number) }
      : { type: "text", name: header![at]!, values: cells };
  };
  const all = header!.map((_, at) => column(at));
  const columns = all.filter((each) => each.name !== target);
  const answers = all.find((each) => each.name === target)!;
  if (answers.type === "number") return { columns, target: { kind: "values", values: answers.values }, classes: null };
  const names = [...new Set(answers.values)].sort();
  const labels = Int32Array.from(answers.values, (value) => names.indexOf(value));
  return { columns, target: { kind: "classes", labels, classes: names.length }, classes: names };
}

function withNumber(source: Table): Table {
  const fares = source.columns[0]!.values.map(
    (_: unknown, row: number) => ((row * 7919) % 100) / 7,
  ) as readonly number[];
  return {
    ...source,
    columns: [...source.columns, { type: "number", name: "fare", values: Float64Array.from(fares) }],
  };
}

/** In every column, every fifth number is missing. */
function withHoles(source: Table): Table {
  const columns = source.columns.map((column, j): Column => {
    if (column.type === "text") return column;
    return { ...column, values: column.values.map((value, row) => ((row + j) % 5 === 0 ? Number.NaN : value)) };
  });
  return { ...source, columns };
}

/** Cells of lines; a quoted cell may hold commas and doubled quotes. */
function readCsv(file: URL): string[][] {
  const lines = readFileSync(file, "utf8").trim().split(/\r?\n/);
  return lines.map((line) =>
    Array.from(
      line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g),
      ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare!,
    ),
  );
}

function values(target: Target): ValueTarget {
  if (target.kind === "values") return target;
  throw new TypeError('"target" expected values');
}

function classes(target: Target): ClassTarget {
  if (target.kind === "classes") return target;
  throw new TypeError('"target" expected classes');
}
