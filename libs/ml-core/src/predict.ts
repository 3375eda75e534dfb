/**
 * Predicting, for every kind of estimator.
 * @module
 */
import { ArgumentError } from "./base/argument-error.ts";
import type { Estimator, LinearEstimator, LogisticEstimator, TextEstimator } from "./base/estimator.ts";
import { logistic, softmax } from "./base/link.ts";
import { type Matrix, matrix } from "./base/matrix.ts";
import { predictKMeans } from "./cluster/k-means.ts";
import { type Design, denseDesign, sparseDesign } from "./linear/design.ts";
import { transformTfidf } from "./text/tfidf.ts";
import { anomalyScores, predictTrees } from "./tree/predict-trees.ts";

export type Prediction = ClassPrediction | ValuePrediction | ClusterPrediction | AnomalyPrediction;

export interface ClassPrediction {
  readonly kind: "classes";
  /** rows × classes. */
  readonly probabilities: Matrix;
  /** The most probable class of each row; ties go to the lower index. */
  readonly labels: Int32Array;
}

export interface ValuePrediction {
  readonly kind: "values";
  readonly values: Float64Array;
}

export interface ClusterPrediction {
  readonly kind: "clusters";
  /** The nearest center of each row; ties go to the lower index. */
  readonly labels: Int32Array;
  /** To that center, Euclidean. */
  readonly distances: Float64Array;
}

export interface AnomalyPrediction {
  readonly kind: "anomalies";
  /** −1 to 1; lower is more anomalous. */
  readonly scores: Float64Array;
  /** 1 where the score is below the estimator's threshold, else 0. */
  readonly isAnomaly: Uint8Array;
}

/** What an estimator takes: texts if its kind is `text`, else a feature matrix. */
export type Rows = Matrix | readonly string[];

/** @throws TypeError for the wrong kind of rows, ArgumentError for the wrong number of columns. */
export function predict(estimator: Estimator, rows: Rows): Prediction {
  switch (estimator.kind) {
    case "linear":
      return { kind: "values", values: predictLinear(estimator, requireMatrix(rows)) };
    case "logistic":
      return asClasses(predictLogistic(estimator, denseDesign(requireMatrix(rows))));
    case "trees": {
      const prediction = predictTrees(estimator, requireMatrix(rows));
      return prediction.kind === "values" ? prediction : asClasses(prediction.probabilities);
    }
    case "isolation-forest": {
      const scores = anomalyScores(estimator, requireMatrix(rows));
      return {
        kind: "anomalies",
        scores,
        isAnomaly: Uint8Array.from(scores, (score) => (score < estimator.threshold ? 1 : 0)),
      };
    }
    case "k-means":
      return { kind: "clusters", ...predictKMeans(estimator, requireMatrix(rows)) };
    case "text":
      return asClasses(predictText(estimator, requireTexts(rows)));
    default:
      throw new TypeError(`"estimator" expected a known kind, got ${JSON.stringify(estimator satisfies never)}`);
  }
}

function predictLinear({ coefficients, intercept }: LinearEstimator, x: Matrix): Float64Array {
  requireColumns(x.cols, coefficients.length);
  const values = new Float64Array(x.rows);
  denseDesign(x).addScores(coefficients, 1, values);
  return values.map((value) => value + intercept);
}

function predictLogistic({ coefficients, intercepts, classes }: LogisticEstimator, x: Design): Matrix {
  requireColumns(x.cols, coefficients.cols);
  const scores = new Float64Array(x.rows * coefficients.rows);
  x.addScores(coefficients.data, coefficients.rows, scores);
  for (let at = 0; at < scores.length; at++) scores[at]! += intercepts[at % intercepts.length]!;
  const probabilities = matrix(new Float64Array(x.rows * classes), x.rows, classes);
  if (classes !== 2) probabilities.data.set(scores);
  for (let i = 0; i < x.rows; i++)
    if (classes === 2) logistic(scores[i]!, probabilities.data, 2 * i);
    else softmax(probabilities.data, i * classes, classes);
  return probabilities;
}

function predictText({ vectorizer, classifier }: TextEstimator, texts: readonly string[]): Matrix {
  return predictLogistic(classifier, sparseDesign(transformTfidf(vectorizer, texts)));
}

function asClasses(probabilities: Matrix): ClassPrediction {
  const { data, rows, cols } = probabilities;
  const labels = new Int32Array(rows);
  for (let i = 0; i < rows; i++)
    for (let c = 1; c < cols; c++) if (data[i * cols + c]! > data[i * cols + labels[i]!]!) labels[i] = c;
  return { kind: "classes", probabilities, labels };
}

function requireMatrix(rows: Rows): Matrix {
  if ("data" in rows) return rows;
  throw new TypeError('"rows" expected a feature matrix, got texts');
}

function requireTexts(rows: Rows): readonly string[] {
  if (!("data" in rows)) return rows;
  throw new TypeError('"rows" expected texts, got a feature matrix');
}

function requireColumns(actual: number, expected: number): void {
  if (actual !== expected) throw new ArgumentError(`"rows" expected ${expected} columns, got ${actual}`);
}
