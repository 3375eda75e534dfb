import { type EstimatorUnderTest, estimatorBattery } from "@mintmark/testing/estimator-battery";
import { numberMatrix, readExample } from "@mintmark/testing/examples";
import { describe, expect, it } from "vitest";
import type { LinearEstimator } from "../base/estimator.ts";
import { type Matrix, matrix } from "../base/matrix.ts";
import type { Target, ValueTarget } from "../base/target.ts";
import { predict } from "../predict.ts";
import { golden } from "./golden.fixture.ts";
import { fitLinearRegression } from "./linear-regression.ts";
import { fitRidge } from "./ridge.ts";

const diabetes = readExample("diabetes");
const x = numberMatrix(diabetes.features);
const y: ValueTarget = { kind: "values", values: Float64Array.from(diabetes.target, Number) };
const dependent = withColumns(x, (row) => [row[0]! + row[1]!, 0.1]);
const wide = matrix(x.data.slice(0, 6 * x.cols), 6, x.cols);
const wideTarget: ValueTarget = { kind: "values", values: y.values.slice(0, 6) };

describe("exact linear models", () => {
  const fits: Record<string, LinearEstimator> = {
    "least squares": fitLinearRegression(x, y).estimator,
    "least squares without intercept": fitLinearRegression(x, y, { fit_intercept: false }).estimator,
    "least squares of dependent columns": fitLinearRegression(dependent, y).estimator,
    "least squares of fewer rows than columns": fitLinearRegression(wide, wideTarget).estimator,
    "ridge 1": fitRidge(x, y).estimator,
    "ridge 100": fitRidge(x, y, { alpha: 100 }).estimator,
    "ridge 1 without intercept": fitRidge(x, y, { fit_intercept: false }).estimator,
  };

  it.each(Object.keys(golden.regressions))("%s: the same coefficients as scikit-learn", (name) => {
    const expected = golden.regressions[name]!;
    const { coefficients, intercept } = fits[name]!;
    expectClose(coefficients, expected.coefficients, 1e-8);
    expectClose([intercept], [expected.intercept], 1e-8);
  });

  it("finds a line through points on it", () => {
    // y = 2x + 1
    const line = matrix(Float64Array.of(0, 1, 2, 3), 4, 1);
    const { estimator, loss } = fitLinearRegression(line, { kind: "values", values: Float64Array.of(1, 3, 5, 7) });
    expect(estimator.coefficients[0]).toBeCloseTo(2, 14);
    expect(estimator.intercept).toBeCloseTo(1, 14);
    expect(loss).toBeCloseTo(0, 24);
  });

  it("shrinks by hand-made amounts with ridge", () => {
    // Centred x = (−1, 0, 1), y = (−2, 0, 2): w = Σxy / (Σx² + alpha) = 4 / (2 + 2) = 1.
    const line = matrix(Float64Array.of(9, 10, 11), 3, 1);
    const { estimator } = fitRidge(line, { kind: "values", values: Float64Array.of(0, 2, 4) }, { alpha: 2 });
    expect(estimator.coefficients[0]).toBeCloseTo(1, 14);
    expect(estimator.intercept).toBeCloseTo(2 - 10, 13);
  });

  it("keeps its digits where values are far from 0", () => {
    const years = matrix(
      Float64Array.from({ length: 50 }, (_, i) => 1e9 + i),
      50,
      1,
    );
    const target: ValueTarget = { kind: "values", values: Float64Array.from({ length: 50 }, (_, i) => 3 * i) };
    expect(fitLinearRegression(years, target).estimator.coefficients[0]).toBeCloseTo(3, 9);
  });

  it("gives a constant column no weight", () => {
    const constant = matrix(Float64Array.of(0.1, 1, 0.1, 2, 0.1, 4), 3, 2);
    const { coefficients } = fitLinearRegression(constant, {
      kind: "values",
      values: Float64Array.of(1, 2, 4),
    }).estimator;
    expect(coefficients[0]).toBe(0);
    expect(coefficients[1]).toBeCloseTo(1, 14);
  });

  it("refuses values whose squares overflow, and parameters out of range", () => {
    const small = matrix(Float64Array.of(1, 2, 3), 3, 1);
    const huge = matrix(Float64Array.of(1e200, -1e200, 1e200), 3, 1);
    expect(() => fitLinearRegression(huge, { kind: "values", values: small.data })).toThrow(/column 0 overflows/);
    expect(() => fitLinearRegression(small, { kind: "values", values: huge.data })).toThrow(
      /"y" expected values whose/,
    );
    expect(() => fitRidge(x, y, { alpha: -1 })).toThrow('"alpha" expected a number >= 0, got -1');
    expect(() => fitLinearRegression(x, y, { solver: "sgd" as "exact" })).toThrow(/"solver" expected one of exact/);
  });
});

describe("gradient descent", () => {
  it("comes to the exact solution, whatever the units of the columns", () => {
    const exact = fitLinearRegression(x, y);
    const descended = fitLinearRegression(x, y, { solver: "gradient-descent", max_iter: 100_000, tol: 1e-10 });
    expect(descended.converged).toBe(true);
    expect(descended.loss).toBeCloseTo(exact.loss, 8);
    expectClose(descended.estimator.coefficients, exact.estimator.coefficients, 1e-4);

    const rescaled = scaledColumns(x, (j) => 10 ** (j - 4));
    const other = fitLinearRegression(rescaled, y, { solver: "gradient-descent", max_iter: 100_000, tol: 1e-10 });
    expectClose(predictValues(other.estimator, rescaled), predictValues(descended.estimator, x), 1e-6);
  });

  it("is near it with its defaults, and says that it did not converge", () => {
    const { loss, converged, iterations } = fitLinearRegression(x, y, { solver: "gradient-descent" });
    expect(loss / fitLinearRegression(x, y).loss).toBeLessThan(1.002);
    expect([converged, iterations]).toEqual([false, 1000]);
  });

  it("takes the first step of learning_rate against the gradient", () => {
    // z = t = (−1, 1): gradient at 0 is −1, so after one step v = 0.1 = the coefficient.
    const line = matrix(Float64Array.of(-1, 1), 2, 1);
    const two: ValueTarget = { kind: "values", values: Float64Array.of(-1, 1) };
    const { estimator } = fitLinearRegression(line, two, { solver: "gradient-descent", max_iter: 1 });
    expect(estimator.coefficients[0]).toBeCloseTo(0.1, 15);
  });

  it("halves a learning rate that would diverge", () => {
    const fit = fitLinearRegression(x, y, { solver: "gradient-descent", learning_rate: 1e6, max_iter: 5000 });
    expect(fit.loss / fitLinearRegression(x, y).loss).toBeLessThan(1.002);
  });

  it("reports each iteration with a loss that never rises", () => {
    const losses: number[] = [];
    const port = { iteration: (_done: number, _of: number, loss?: number) => void losses.push(loss!) };
    const { iterations } = fitLinearRegression(x, y, { solver: "gradient-descent", max_iter: 300 }, port);
    expect(losses).toHaveLength(iterations);
    expect(losses.every((loss, i) => i === 0 || loss <= losses[i - 1]! * (1 + 1e-12))).toBe(true);
  });

  it("learns a constant target as the intercept alone", () => {
    const same: ValueTarget = { kind: "values", values: new Float64Array(x.rows).fill(0.1) };
    const { estimator, converged } = fitLinearRegression(x, same, { solver: "gradient-descent" });
    expect(converged).toBe(true);
    expect(Array.from(estimator.coefficients)).toEqual(new Array(x.cols).fill(0));
    expect(estimator.intercept).toBeCloseTo(0.1, 15);
  });
});

const battery = (
  fit: (features: Matrix, target: ValueTarget) => LinearEstimator,
): EstimatorUnderTest<LinearEstimator> => ({
  task: "values",
  fit: (features, target) => fit(features, valuesOf(target)),
  predict,
});
estimatorBattery(
  "linear-regression",
  battery((a, b) => fitLinearRegression(a, b).estimator),
);
estimatorBattery(
  "linear-regression by gradient descent",
  battery((a, b) => fitLinearRegression(a, b, { solver: "gradient-descent" }).estimator),
);
estimatorBattery(
  "ridge",
  battery((a, b) => fitRidge(a, b).estimator),
);

function valuesOf(target: Target): ValueTarget {
  if (target.kind === "values") return target;
  throw new TypeError("expected values");
}

function predictValues(estimator: LinearEstimator, features: Matrix): Float64Array {
  const prediction = predict(estimator, features);
  if (prediction.kind === "values") return prediction.values;
  throw new TypeError("expected values");
}

/** Each within `tolerance` of the largest magnitude in `expected`. */
function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(...Array.from(expected, Math.abs), Number.MIN_VALUE);
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(actual[i]! - expected[i]!) / scale).toBeLessThanOrEqual(tolerance);
}

function withColumns({ data, rows, cols }: Matrix, more: (row: Float64Array) => number[]): Matrix {
  const longer = Array.from({ length: rows }, (_, i) => {
    const row = data.subarray(i * cols, (i + 1) * cols);
    return [...row, ...more(row)];
  });
  return matrix(Float64Array.from(longer.flat()), rows, longer[0]!.length);
}

function scaledColumns({ data, rows, cols }: Matrix, factor: (j: number) => number): Matrix {
  return matrix(
    data.map((value, at) => value * factor(at % cols)),
    rows,
    cols,
  );
}
