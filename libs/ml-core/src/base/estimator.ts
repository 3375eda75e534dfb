/**
 * What algorithms learn: plain readonly data, safe to serialize, hash and sign. Each kind has one predictor
 * (`predict.ts`) and one ONNX form (`@mintmark/model-package`), however many algorithms make it.
 * @module
 */
import type { Matrix } from "./matrix.ts";

export type Estimator =
  | LinearEstimator
  | LogisticEstimator
  | TreeEstimator
  | IsolationForestEstimator
  | KMeansEstimator
  | TextEstimator;

/** y = x · coefficients + intercept. From linear-regression and ridge. */
export interface LinearEstimator {
  readonly kind: "linear";
  /** Length features. */
  readonly coefficients: Float64Array;
  readonly intercept: number;
}

/** Class probabilities from linear scores: logistic for two classes, softmax for more. */
export interface LogisticEstimator {
  readonly kind: "logistic";
  /** One row a class; for two classes a single row, the score of class 1. */
  readonly coefficients: Matrix;
  /** One a row of `coefficients`. */
  readonly intercepts: Float64Array;
  /** ≥ 2. */
  readonly classes: number;
}

/**
 * Trees over features in double. From decision-stump, decision-tree, random-forest and gradient-boosting.
 *
 * A score is `sum · scale + base`, both operations in double, in this order. The sum of the leaves is exact in any order:
 * leaf values lie on a grid 2^-q, coarse enough that the largest |leaf| of each tree together have at most 2^53 steps
 * (2^24 where each leaf adds to all sums), fine enough that no coarser one would do.
 */
export interface TreeEstimator {
  readonly kind: "trees";
  readonly trees: readonly Tree[];
  /** How many sums a prediction has: 1 for regression and for two-class boosting, otherwise the classes. */
  readonly outputs: number;
  /** Multiplied after the sum: 1 / trees for averages, 1 for sums. */
  readonly scale: number;
  /** Added after that, so that leaves need not carry the target's mean; length `outputs`. */
  readonly base: Float64Array;
  /**
   * What becomes of the scores: `identity` a regression value; `probability` they are class probabilities already;
   * `logistic` the only one is that of class 1 of two; `softmax` one a class.
   */
  readonly link: "identity" | "probability" | "logistic" | "softmax";
  /** ≥ 2 for classification, 0 for regression. */
  readonly classes: number;
  /** Length features: how much each contributes, summing to 1 (all 0 if no tree splits). */
  readonly importance: Float64Array;
}

/** A binary tree in flat arrays; node 0 is the root. A row goes left if x[feature] <= threshold, else (also NaN) right. */
export interface Tree {
  /** Per node; −1 in a leaf. */
  readonly feature: Int32Array;
  /** Per node; 0 in a leaf. */
  readonly threshold: Float64Array;
  /** Per node; index of the child, −1 in a leaf. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** The sum that a leaf adds to; −1 if each leaf adds to all of them. */
  readonly output: number;
  /** Leaf values on the grid: one a node, or `outputs` a node (row-major) where `output` is −1. Zero in inner nodes. */
  readonly value: Float64Array;
}

/** Liu, Ting & Zhou 2008. Leaf values are path lengths: depth plus c(rows in the leaf), on a grid. */
export interface IsolationForestEstimator {
  readonly kind: "isolation-forest";
  readonly trees: readonly Tree[];
  /** c(sample size), the normaliser of the paper's score s = 2^(−E[path] / c). */
  readonly normalizer: number;
  /** A row is an anomaly if its score 2·(0.5 − s) is below this. */
  readonly threshold: number;
}

export interface KMeansEstimator {
  readonly kind: "k-means";
  /** clusters × features. */
  readonly centers: Matrix;
}

/** TF-IDF of lower-cased, whitespace-separated words, then logistic regression. */
export interface TextEstimator {
  readonly kind: "text";
  readonly vectorizer: TfidfVectorizer;
  readonly classifier: LogisticEstimator;
}

export interface TfidfVectorizer {
  /** The terms, in code-point order; column j of the matrix is `vocabulary[j]`. Words of an n-gram are joined by one space. */
  readonly vocabulary: readonly string[];
  /** Length of the vocabulary. */
  readonly idf: Float64Array;
  /** Shortest and longest n-gram, 1 ≤ min ≤ max. */
  readonly ngramMin: number;
  readonly ngramMax: number;
}
