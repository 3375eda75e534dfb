import { describe, expect, it } from "vitest";
import { matrix } from "./base/matrix.ts";
import type { Preprocessor } from "./base/preprocessing.ts";
import { featureImportance, importanceByColumn } from "./feature-importance.ts";

// Deviations 1, 10 and 0.
const x = matrix(Float64Array.of(0, 0, 5, 2, 20, 5), 2, 3);

describe("featureImportance", () => {
  it("is |coefficient| times the spread of the feature for linear models, in shares", () => {
    const estimator = { kind: "linear", coefficients: Float64Array.of(-10, 3, 99), intercept: 1 } as const;
    expect(Array.from(featureImportance(estimator, x)!)).toEqual([0.25, 0.75, 0]);
  });

  it("adds up the classes of a logistic model", () => {
    const coefficients = matrix(Float64Array.of(1, 0, 0, 1, 0.2, 0), 2, 3);
    const estimator = { kind: "logistic", coefficients, intercepts: Float64Array.of(0, 0), classes: 3 } as const;
    expect(Array.from(featureImportance(estimator, x)!)).toEqual([0.5, 0.5, 0]);
  });

  it("is 0 everywhere if nothing contributes, and null where there is no such notion", () => {
    const nothing = { kind: "linear", coefficients: new Float64Array(3), intercept: 1 } as const;
    expect(Array.from(featureImportance(nothing, x)!)).toEqual([0, 0, 0]);
    expect(featureImportance({ kind: "k-means", centers: x }, x)).toBeNull();
  });
});

describe("importanceByColumn", () => {
  it("adds up the features of a one-hot column", () => {
    const preprocessor: Preprocessor = {
      encoders: [
        { kind: "one-hot", column: "sex", fill: null, categories: ["f", "m"] },
        { kind: "number", column: "age", fill: null, offset: 0, scale: 1 },
      ],
    };
    const byColumn = importanceByColumn(preprocessor, Float64Array.of(0.25, 0.25, 0.5));
    expect([...byColumn]).toEqual([
      ["sex", 0.5],
      ["age", 0.5],
    ]);
  });
});
