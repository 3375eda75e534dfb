/**
 * The algorithms a training file can name: their tasks, and their parameters with ranges and defaults.
 *
 * Parameters have scikit-learn's names and defaults; those of gradient boosting have LightGBM's.
 * @module
 */
import type { Task } from "@mintmark/ml-core/base/task";
import { z } from "zod";
import { strict } from "./strict.ts";
import { suggestion } from "./suggest.ts";

const count = z.int().min(1);
const positive = z.number().gt(0);
const nonNegative = z.number().min(0);
const fraction = z.number().gt(0).max(1);

const maxFeatures = z
  .union([z.literal("sqrt"), z.literal("log2"), z.int().min(2), fraction, z.null()], {
    error: 'expected "sqrt", "log2", a count of features from 2 on, a fraction in (0, 1], or null for all',
  })
  .describe(
    "How many features a split considers: sqrt, log2, a count from 2 on, a fraction in (0, 1], or null for all.",
  );

const logistic = {
  C: positive.default(1).describe("Inverse of the strength of the L2 penalty."),
  max_iter: count.default(100).describe("The most iterations of L-BFGS."),
  tol: positive.default(1e-4).describe("Ends when the largest gradient is smaller."),
};
const treeCriterion = z
  .enum(["gini", "entropy", "log_loss", "squared_error"])
  .optional()
  .describe("Impurity; if absent: gini for classes, squared_error for values.");
const treeGrowth = {
  criterion: treeCriterion,
  max_depth: count.nullable().default(null).describe("null: until leaves are pure."),
  min_samples_split: z.int().min(2).default(2).describe("Nodes with fewer rows are not split."),
  min_samples_leaf: count.default(1).describe("Rows that a leaf has at least."),
  max_leaf_nodes: z.int().min(2).nullable().default(null).describe("null: no limit."),
};

const ngramRange = z
  .tuple([z.int().min(1).max(4), z.int().min(1).max(4)])
  .refine(([shortest, longest]) => shortest <= longest, { error: "expected [shortest, longest], such as [1, 2]" });

const params = {
  "linear-regression": strict({
    solver: z.enum(["exact", "gradient-descent"]).default("exact").describe("How the least squares are found."),
    fit_intercept: z.boolean().default(true),
    learning_rate: positive.default(0.1).describe("First step of gradient descent, on standardised features."),
    max_iter: count.default(1000).describe("The most steps of gradient descent."),
    tol: nonNegative.default(1e-6).describe("Gradient descent ends when the gradient is smaller."),
  }),
  ridge: strict({
    alpha: nonNegative.default(1).describe("Strength of the L2 penalty."),
    fit_intercept: z.boolean().default(true),
  }),
  "logistic-regression": strict({ ...logistic, fit_intercept: z.boolean().default(true) }),
  "decision-stump": strict({
    criterion: treeCriterion,
    min_samples_leaf: count.default(1).describe("Rows that a leaf has at least."),
  }),
  "decision-tree": strict({ ...treeGrowth, max_features: maxFeatures.default(null) }),
  "random-forest": strict({
    n_estimators: count.max(10_000).default(100).describe("How many trees."),
    ...treeGrowth,
    max_features: maxFeatures.optional().describe("If absent: sqrt for classes, all for values."),
    bootstrap: z.boolean().default(true).describe("Whether each tree sees a sample with replacement."),
  }),
  "gradient-boosting": strict({
    n_estimators: count.max(10_000).default(100).describe("How many iterations."),
    learning_rate: fraction.default(0.1).describe("How far each tree goes."),
    num_leaves: z.int().min(2).max(131_072).default(31).describe("Leaves that a tree has at most."),
    max_depth: z.int().min(-1).default(-1).describe("−1: no limit."),
    max_bin: z.int().min(2).max(255).default(255).describe("Bins that a feature has at most."),
    min_data_in_leaf: count.default(20).describe("Rows that a leaf has at least."),
    min_sum_hessian_in_leaf: nonNegative.default(1e-3).describe("Sum of curvatures that a leaf has at least."),
    min_gain_to_split: nonNegative.default(0),
    lambda_l2: nonNegative.default(0).describe("L2 penalty of leaf values."),
    feature_fraction: fraction.default(1).describe("Share of the features that a tree sees."),
    bagging_fraction: fraction.default(1).describe("Share of the rows that a tree sees."),
  }),
  "k-means": strict({
    n_clusters: z.int().min(1).default(8),
    n_init: count.default(10).describe("Starts, of which the best is kept."),
    max_iter: count.default(300),
    tol: nonNegative.default(1e-4).describe("Ends when the centers move less, relative to the variance."),
  }),
  "isolation-forest": strict({
    n_estimators: count.max(10_000).default(100).describe("How many trees."),
    max_samples: z
      .union([z.literal("auto"), z.int().min(2), fraction], {
        error: 'expected "auto", a count of rows from 2 on, or a fraction in (0, 1]',
      })
      .default("auto")
      .describe("Rows that a tree sees: a count from 2 on, a fraction in (0, 1], or auto: 256."),
    contamination: z
      .union([z.literal("auto"), z.number().gt(0).max(0.5)], { error: 'expected "auto" or a fraction in (0, 0.5]' })
      .default("auto")
      .describe("Share of anomalies, which sets the threshold; auto: the paper's score of 0.5."),
  }),
  "tfidf-logistic-regression": strict({
    ngram_range: ngramRange.default([1, 1]).describe("Shortest and longest n-gram, in words."),
    min_df: count.default(1).describe("Documents that a term occurs in at least."),
    max_features: count.nullable().default(null).describe("The most frequent terms that are kept; null: all."),
    ...logistic,
  }),
} as const;

export type AlgorithmName = keyof typeof params;
export const algorithmNames = Object.keys(params) as AlgorithmName[];

/** What each algorithm can do; where it is more than one, the target's type decides unless the file does. */
export const tasksOf: Readonly<Record<AlgorithmName, readonly Task[]>> = {
  "linear-regression": ["regression"],
  ridge: ["regression"],
  "logistic-regression": ["classification"],
  "decision-stump": ["classification", "regression"],
  "decision-tree": ["classification", "regression"],
  "random-forest": ["classification", "regression"],
  "gradient-boosting": ["classification", "regression"],
  "k-means": ["clustering"],
  "isolation-forest": ["anomaly"],
  "tfidf-logistic-regression": ["text"],
};

const common = {
  seed: z.int().min(0).max(0xffff_ffff).default(42).describe("Of every random choice of the fit."),
  threads: z.int().min(1).max(256).default(1).describe("How many threads may work; the result does not depend on it."),
};

/** One algorithm's part of the file. */
function algorithm<Name extends AlgorithmName>(name: Name) {
  const own: (typeof params)[Name] = params[name];
  // Taken as empty where it is absent, so that the defaults of its own keys fill it in.
  return strict({ name: z.literal(name), params: z.prefault(own, {} as never), ...common });
}

export const algorithmSchema = z.discriminatedUnion(
  "name",
  [
    algorithm("linear-regression"),
    algorithm("ridge"),
    algorithm("logistic-regression"),
    algorithm("decision-stump"),
    algorithm("decision-tree"),
    algorithm("random-forest"),
    algorithm("gradient-boosting"),
    algorithm("k-means"),
    algorithm("isolation-forest"),
    algorithm("tfidf-logistic-regression"),
  ],
  { error: (issue) => unknownAlgorithm(issue.input) },
);

/** An algorithm with every parameter filled in; `name` tells which parameters. */
export type AlgorithmConfig = z.output<typeof algorithmSchema>;
/** The parameters of one algorithm. */
export type ParamsOf<Name extends AlgorithmName> = z.output<(typeof params)[Name]>;

function unknownAlgorithm(input: unknown): string {
  const name = typeof input === "object" && input !== null ? (input as { name?: unknown }).name : undefined;
  if (typeof name !== "string") return `expected a "name", one of: ${algorithmNames.join(", ")}`;
  return `has no algorithm "${name}"${suggestion(name, algorithmNames)} (there are: ${algorithmNames.join(", ")})`;
}
