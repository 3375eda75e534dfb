/**
 * The algorithms by the names that training files give them.
 * @module
 */
import type { Estimator } from "@mintmark/ml-core/base/estimator";
import type { FitPort } from "@mintmark/ml-core/base/fit-port";
import type { Matrix } from "@mintmark/ml-core/base/matrix";
import type { Column, Preprocessor } from "@mintmark/ml-core/base/preprocessing";
import { keyFromSeed, type RngKey } from "@mintmark/ml-core/base/rng";
import type { ClassTarget, Target, ValueTarget } from "@mintmark/ml-core/base/target";
import { fitKMeans } from "@mintmark/ml-core/cluster/k-means";
import { fitGradientBoosting } from "@mintmark/ml-core/ensemble/gradient-boosting";
import { fitIsolationForest } from "@mintmark/ml-core/ensemble/isolation-forest";
import { fitRandomForest } from "@mintmark/ml-core/ensemble/random-forest";
import { fitLinearRegression } from "@mintmark/ml-core/linear/linear-regression";
import { fitLogisticRegression } from "@mintmark/ml-core/linear/logistic-regression";
import { fitRidge } from "@mintmark/ml-core/linear/ridge";
import { fitPreprocessor } from "@mintmark/ml-core/preprocess/fit-preprocessor";
import { transform } from "@mintmark/ml-core/preprocess/transform";
import { fitTfidfLogisticRegression } from "@mintmark/ml-core/text/tfidf-logistic-regression";
import { fitDecisionStump } from "@mintmark/ml-core/tree/decision-stump";
import { fitDecisionTree } from "@mintmark/ml-core/tree/decision-tree";
import type { AlgorithmConfig, AlgorithmName, PreprocessStep } from "@mintmark/training-file";

/** What was learned from rows: what becomes of their columns, and what predicts from that. */
export interface FittedModel {
  readonly preprocessor: Preprocessor;
  readonly estimator: Estimator;
  /** False if the allowed iterations ran out first; the model can be used all the same. */
  readonly converged: boolean;
}

export interface FitRequest {
  readonly algorithm: AlgorithmConfig;
  readonly preprocess: readonly PreprocessStep[];
  readonly columns: readonly Column[];
  /** Null where the algorithm learns without one. */
  readonly target: Target | null;
  readonly port: FitPort;
}

/** @throws ArgumentError if the algorithm cannot learn from these columns */
export function fitModel(request: FitRequest): FittedModel {
  const { algorithm, preprocess, columns, target, port } = request;
  if (algorithm.name === "tfidf-logistic-regression") {
    const { values } = columns[0] as { readonly values: readonly string[] };
    const { estimator, converged } = fitTfidfLogisticRegression(values, classes(target), algorithm.params, port);
    return { preprocessor: { encoders: [] }, estimator, converged };
  }
  const preprocessor = fitPreprocessor(columns, preprocess, {
    defaultText: defaultText(algorithm.name),
    missing: splitsOffMissing.has(algorithm.name) ? "largest" : "refused",
  });
  const x = transform(preprocessor, columns);
  return { preprocessor, ...fitEstimator(algorithm, x, target, keyFromSeed(algorithm.seed), port) };
}

/** Trees take the index of a category as it is; to everything that measures distances it would be a lie. */
function defaultText(name: AlgorithmName): "ordinal" | "one-hot" {
  return ["linear-regression", "ridge", "logistic-regression", "k-means"].includes(name) ? "one-hot" : "ordinal";
}

/** Trees that learn where to cut. An isolation forest cuts at random, mostly between the values and the place beyond them. */
const splitsOffMissing: ReadonlySet<AlgorithmName> = new Set<AlgorithmName>([
  "decision-stump",
  "decision-tree",
  "random-forest",
  "gradient-boosting",
]);

type Learned = Omit<FittedModel, "preprocessor">;
type MatrixAlgorithm = Exclude<AlgorithmConfig, { readonly name: "tfidf-logistic-regression" }>;

function fitEstimator(algorithm: MatrixAlgorithm, x: Matrix, y: Target | null, key: RngKey, port: FitPort): Learned {
  switch (algorithm.name) {
    case "linear-regression":
      return fitLinearRegression(x, values(y), algorithm.params, port);
    case "ridge":
      return fitRidge(x, values(y), algorithm.params, port);
    case "logistic-regression":
      return fitLogisticRegression(x, classes(y), algorithm.params, port);
    case "decision-stump":
      return direct(fitDecisionStump(x, required(y), defined(algorithm.params), key, port));
    case "decision-tree":
      return direct(fitDecisionTree(x, required(y), defined(algorithm.params), key, port));
    case "random-forest":
      return direct(fitRandomForest(x, required(y), defined(algorithm.params), key, port));
    case "gradient-boosting":
      return direct(fitGradientBoosting(x, required(y), defined(algorithm.params), key, port));
    case "isolation-forest":
      return direct(fitIsolationForest(x, algorithm.params, key, port));
    case "k-means":
      return fitKMeans(x, algorithm.params, key, port);
    default:
      return algorithm satisfies never;
  }
}

function direct(estimator: Estimator): Learned {
  return { estimator, converged: true };
}

/** The same params without those that are absent, as which `undefined` counts where a default is filled in. */
function defined<P extends object>(params: P): { [Name in keyof P]: Exclude<P[Name], undefined> } {
  const entries = Object.entries(params).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof P]: Exclude<P[Name], undefined> };
}

function classes(target: Target | null): ClassTarget {
  if (target?.kind !== "classes") throw new TypeError(`"target" expected classes, got ${target?.kind ?? null}`);
  return target;
}

function values(target: Target | null): ValueTarget {
  if (target?.kind !== "values") throw new TypeError(`"target" expected values, got ${target?.kind ?? null}`);
  return target;
}

function required(target: Target | null): Target {
  if (target === null) throw new TypeError('"target" expected classes or values, got null');
  return target;
}
