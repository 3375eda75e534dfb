/**
 * Linear regression: exact least squares, or gradient descent.
 *
 * Cost: exact O(rows · cols²); gradient descent O(rows · cols²) once, then O(cols²) an iteration.
 * Deterministic: the same data and params give bit-identical estimators.
 * @module
 */
import { requireInteger, requireNumber, requireOneOf, requirePositive } from "../base/check.ts";
import type { LinearEstimator } from "../base/estimator.ts";
import type { Fit } from "../base/fit.ts";
import { type FitPort, silentPort } from "../base/fit-port.ts";
import type { Matrix } from "../base/matrix.ts";
import type { ValueTarget } from "../base/target.ts";
import { requireValues } from "../base/training-data.ts";
import { columnDeviations, columnMeans, dot, standardized } from "./moments.ts";
import { fitRidge } from "./ridge.ts";

export interface LinearRegressionParams {
  /**
   * `exact` (default) is a direct solution, of smallest norm where columns depend on each other; `gradient-descent`
   * takes steps against the gradient of the mean squared error of standardized features and target.
   */
  readonly solver?: "exact" | "gradient-descent" | undefined;
  /** Whether there is an intercept; default true. */
  readonly fit_intercept?: boolean | undefined;
  /** First step length, > 0; halved whenever a step would raise the loss; default 0.1. Gradient descent only. */
  readonly learning_rate?: number | undefined;
  /** At most so many steps, ≥ 1; default 1000. Gradient descent only. */
  readonly max_iter?: number | undefined;
  /** Ends when no entry of the gradient, in standard deviations, is larger; ≥ 0, default 1e-6. Gradient descent only. */
  readonly tol?: number | undefined;
}

/**
 * `loss` is the mean squared error on the training rows.
 * @throws ArgumentError for bad data or parameters.
 */
export function fitLinearRegression(
  x: Matrix,
  y: ValueTarget,
  params: LinearRegressionParams = {},
  port: FitPort = silentPort,
): Fit<LinearEstimator> {
  const { solver = "exact", fit_intercept = true } = params;
  requireOneOf("solver", solver, ["exact", "gradient-descent"]);
  if (solver === "exact") return fitRidge(x, y, { alpha: 0, fit_intercept }, port);
  return descend(x, y, params, port);
}

/**
 * Features and target are standardized, so that one step length suits all of them, and the solution is folded back.
 * With G = zᵀz / rows and c = zᵀt / rows the loss is ½·vᵀGv − cᵀv + ½·tᵀt / rows and its gradient G·v − c: the rows are read
 * once, whatever the number of steps.
 */
function descend(x: Matrix, y: ValueTarget, params: LinearRegressionParams, port: FitPort): Fit<LinearEstimator> {
  const { fit_intercept = true, learning_rate = 0.1, max_iter = 1000, tol = 1e-6 } = params;
  requirePositive("learning_rate", learning_rate);
  requireInteger("max_iter", max_iter, 1);
  requireNumber("tol", tol, 0);
  requireValues(x, y);
  const target: Matrix = { data: y.values, rows: x.rows, cols: 1 };
  const centers = fit_intercept ? columnMeans(x) : new Float64Array(x.cols);
  const scales = columnDeviations(x, centers);
  const targetCenter = fit_intercept ? columnMeans(target) : new Float64Array(1);
  const targetScale = columnDeviations(target, targetCenter);
  const z = standardized(x, centers, scales);
  const t = standardized(target, targetCenter, targetScale);

  const gram = crossProduct(z, z);
  const cross = crossProduct(z, t).data;
  const constant = dot(t.data, t.data) / (2 * x.rows);
  let v = new Float64Array(x.cols);
  let gradient = cross.map((value) => -value);
  let loss = constant;
  let step = learning_rate;
  let iterations = 0;
  while (iterations < max_iter && largest(gradient) > tol) {
    const next = v.map((value, j) => value - step * gradient[j]!);
    const product = multiply(gram, next);
    const nextLoss = dot(next, product) / 2 - dot(cross, next) + constant;
    // Not `>`: a step that overflows gives NaN. The slack is the rounding of the loss, which near the end hides progress.
    if (!(nextLoss <= loss + constant * 1e-15)) {
      step /= 2;
      continue;
    }
    v = next;
    loss = nextLoss;
    gradient = product.map((value, j) => value - cross[j]!);
    iterations += 1;
    port.iteration(iterations, max_iter, 2 * loss * targetScale[0]! ** 2);
  }

  const coefficients = v.map((value, j) => (scales[j] === 0 ? 0 : (value * targetScale[0]!) / scales[j]!));
  return {
    estimator: { kind: "linear", coefficients, intercept: targetCenter[0]! - dot(coefficients, centers) },
    iterations,
    converged: largest(gradient) <= tol,
    loss: 2 * loss * targetScale[0]! ** 2,
  };
}

/** aᵀ·b / rows, added up row by row. */
function crossProduct(a: Matrix, b: Matrix): Matrix {
  const data = new Float64Array(a.cols * b.cols);
  for (let i = 0; i < a.rows; i++)
    for (let j = 0; j < a.cols; j++) {
      const left = a.data[i * a.cols + j]!;
      for (let k = 0; k < b.cols; k++) data[j * b.cols + k]! += left * b.data[i * b.cols + k]!;
    }
  return { data: data.map((sum) => sum / a.rows), rows: a.cols, cols: b.cols };
}

function multiply(a: Matrix, v: Float64Array): Float64Array<ArrayBuffer> {
  const product = new Float64Array(a.rows);
  for (let i = 0; i < a.rows; i++) product[i] = dot(a.data.subarray(i * a.cols, (i + 1) * a.cols), v);
  return product;
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
