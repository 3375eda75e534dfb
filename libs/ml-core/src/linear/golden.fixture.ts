/** What scikit-learn computed; `golden/linear/make.py` says how, and holds the versions. */
import { readFileSync } from "node:fs";

export interface Golden {
  readonly regressions: Readonly<Record<string, { coefficients: number[]; intercept: number }>>;
  readonly logistic: Readonly<
    Record<string, { data: string; C: number; fit_intercept: boolean; coefficients: number[][]; intercepts: number[] }>
  >;
  readonly "k-means": Readonly<Record<string, { n_clusters: number; inertia: number; silhouette: number }>>;
  readonly tfidf: {
    readonly texts: string[];
    readonly cases: readonly {
      params: { ngram_range?: [number, number]; min_df?: number };
      vocabulary: string[];
      idf: number[];
      rows: number[][];
    }[];
  };
  readonly metrics: {
    readonly classification: readonly {
      truth: number[];
      predicted: number[];
      probabilities: number[][];
      confusion: number[][];
      expected: Record<string, number>;
    }[];
    readonly regression: { truth: number[]; predicted: number[]; expected: Record<string, number> };
    readonly clustering: { points: number[][]; labels: number[]; silhouette: number };
  };
  readonly preprocessing: {
    readonly values: (number | null)[];
    readonly imputed: Record<"mean" | "median" | "most-frequent", number[]>;
    readonly "median then standard": number[];
    readonly "median then min-max": number[];
    readonly colors: string[];
    readonly categories: string[];
    readonly ordinal: number[];
    readonly "one-hot": number[][];
  };
  readonly quality: Readonly<Record<string, number>>;
}

export const golden: Golden = JSON.parse(
  readFileSync(new URL("../../golden/linear/golden.json", import.meta.url), "utf8"),
);
