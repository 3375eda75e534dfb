import { estimatorBattery } from "@mintmark/testing/estimator-battery";
import { classesOf, numberMatrix, readExample } from "@mintmark/testing/examples";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogisticEstimator } from "../base/estimator.ts";
import { type Matrix, matrix } from "../base/matrix.ts";
import type { ClassTarget } from "../base/target.ts";
import { predict } from "../predict.ts";
import type { SparseRows } from "./design.ts";
import { golden } from "./golden.fixture.ts";
import { fitLogisticRegression, fitSparseLogisticRegression } from "./logistic-regression.ts";

const tight = { tol: 1e-10, max_iter: 20_000 };

describe("fitLogisticRegression", () => {
  it.each(Object.keys(golden.logistic))("%s: the optimum that scikit-learn finds", (name) => {
    const { data, C, fit_intercept, coefficients, intercepts } = golden.logistic[name]!;
    const { features, target } = readExample(data);
    const { estimator, converged } = fitLogisticRegression(numberMatrix(features), classesOf(target), {
      C,
      fit_intercept,
      ...tight,
    });
    expect(converged).toBe(true);
    expectClose(estimator.coefficients.data, coefficients.flat(), 1e-5);
    expectClose(estimator.intercepts, intercepts, 1e-5);
  });

  it("satisfies the condition of the optimum by hand", () => {
    // x = (−1, 1), y = (0, 1), no intercept: −σ(−w) + w / (2C) = 0 with C = 1, the mean of two equal rows.
    const { estimator } = fitLogisticRegression(
      matrix(Float64Array.of(-1, 1), 2, 1),
      { kind: "classes", labels: Int32Array.of(0, 1), classes: 2 },
      { fit_intercept: false, ...tight },
    );
    const w = estimator.coefficients.data[0]!;
    expect(w / 2).toBeCloseTo(1 / (1 + Math.exp(w)), 9);
    expect(estimator.intercepts[0]).toBe(0);
  });

  it("gives the class shares where features say nothing", () => {
    const y: ClassTarget = { kind: "classes", labels: Int32Array.of(0, 1, 1, 1), classes: 2 };
    const { estimator } = fitLogisticRegression(matrix(new Float64Array(4).fill(0.1), 4, 1), y, tight);
    expect(estimator.coefficients.data[0]).toBe(0);
    // log(3 / 1)
    expect(estimator.intercepts[0]).toBeCloseTo(Math.log(3), 8);
  });

  it("converges in a few hundred iterations on columns whose units are 10^12 apart", () => {
    const { features, target } = readExample("wine");
    const x = numberMatrix(features);
    const rescaled = matrix(
      x.data.map((value, at) => value * 10 ** ((at % x.cols) - 6)),
      x.rows,
      x.cols,
    );
    const { converged, estimator } = fitLogisticRegression(rescaled, classesOf(target), { C: 1e6, max_iter: 300 });
    expect(converged).toBe(true);
    expect(labelsOf(estimator, rescaled)).toEqual(Array.from(classesOf(target).labels));
  });

  it("separates classes that can be separated, with finite weights", () => {
    const x = matrix(Float64Array.of(-3, -2, 2, 3), 4, 1);
    const y: ClassTarget = { kind: "classes", labels: Int32Array.of(0, 0, 1, 1), classes: 2 };
    const { estimator } = fitLogisticRegression(x, y, { C: 1e9, ...tight });
    expect(Number.isFinite(estimator.coefficients.data[0])).toBe(true);
    expect(labelsOf(estimator, x)).toEqual([0, 0, 1, 1]);
  });

  it("gives a class that no row has next to no probability", () => {
    const x = matrix(Float64Array.of(0, 1, 2, 3), 4, 1);
    const y: ClassTarget = { kind: "classes", labels: Int32Array.of(0, 0, 2, 2), classes: 3 };
    const { estimator } = fitLogisticRegression(x, y, { max_iter: 1000 });
    expect(labelsOf(estimator, x)).toEqual([0, 0, 2, 2]);
  });

  it("says that it did not converge, and still is usable", () => {
    const { features, target } = readExample("digits");
    const fit = fitLogisticRegression(numberMatrix(features), classesOf(target), { max_iter: 3 });
    expect(fit).toMatchObject({ converged: false, iterations: 3 });
    expect(fit.loss).toBeLessThan(Math.log(10));
  });

  it("learns the same from sparse rows as from dense ones without an intercept", () => {
    // With an intercept too; there only the path differs, as dense rows are centred.
    const entry = fc.oneof(fc.constant(0), fc.integer({ min: -5, max: 5 }));
    const data = fc.array(entry, { minLength: 24, maxLength: 24 });
    fc.assert(
      fc.property(data, fc.boolean(), (values, fit_intercept) => {
        const x = matrix(Float64Array.from(values), 8, 3);
        const y: ClassTarget = { kind: "classes", labels: Int32Array.of(0, 1, 2, 0, 1, 2, 0, 1), classes: 3 };
        const params = { ...tight, fit_intercept };
        const dense = fitLogisticRegression(x, y, params).estimator;
        const sparse = fitSparseLogisticRegression(toSparse(x), y, params).estimator;
        expectClose(sparse.coefficients.data, dense.coefficients.data, 1e-6, 1);
        expectClose(sparse.intercepts, dense.intercepts, 1e-6, 1);
      }),
      { numRuns: 30 },
    );
  });

  it("refuses parameters out of range", () => {
    const x = matrix(Float64Array.of(0, 1), 2, 1);
    const y: ClassTarget = { kind: "classes", labels: Int32Array.of(0, 1), classes: 2 };
    expect(() => fitLogisticRegression(x, y, { C: 0 })).toThrow('"C" expected a number > 0, got 0');
    expect(() => fitLogisticRegression(x, y, { max_iter: 0 })).toThrow('"max_iter" expected an integer >= 1, got 0');
    expect(() => fitLogisticRegression(x, y, { tol: -1 })).toThrow('"tol" expected a number > 0, got -1');
    const strange: ClassTarget = { ...y, labels: Int32Array.of(0, 2) };
    expect(() => fitLogisticRegression(x, strange)).toThrow('"y" expected labels in 0..1, got 2 at row 1');
  });
});

estimatorBattery("logistic-regression", {
  task: "classes",
  fit: (x, y) => {
    if (y.kind !== "classes") throw new TypeError("expected classes");
    return fitLogisticRegression(x, y).estimator;
  },
  predict,
});
estimatorBattery("logistic-regression (binary)", {
  task: "classes",
  fit: (x, y) => {
    if (y.kind !== "classes") throw new TypeError("expected classes");
    const labels = y.labels.map((label) => Math.min(label, 1));
    return fitLogisticRegression(x, { kind: "classes", labels, classes: 2 }).estimator;
  },
  predict,
});

function labelsOf(estimator: LogisticEstimator, x: Matrix): number[] {
  const prediction = predict(estimator, x);
  return prediction.kind === "classes" ? Array.from(prediction.labels) : [];
}

function toSparse({ data, rows, cols }: Matrix): SparseRows {
  const starts = new Int32Array(rows + 1);
  const columns: number[] = [];
  const values: number[] = [];
  data.forEach((value, at) => {
    if (value !== 0) {
      columns.push(at % cols);
      values.push(value);
    }
    starts[Math.floor(at / cols) + 1] = values.length;
  });
  return { rows, cols, starts, columns: Int32Array.from(columns), values: Float64Array.from(values) };
}

function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  scale = Math.max(...Array.from(expected, Math.abs), 1e-12),
): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(actual[i]! - expected[i]!) / scale).toBeLessThanOrEqual(tolerance);
}
