/**
 * Ridge regression, solved exactly: minimises ‖y − x·w − b‖² + alpha·‖w‖².
 *
 * Source: Hoerl & Kennard 1970, doi:10.1080/00401706.1970.10488634. The penalty enters as rows √alpha·I below x, so that
 * the QR of `least-squares.ts` solves it without ever squaring the condition number; alpha 0 is ordinary least squares.
 * Cost: O((rows + cols) · cols²) time. Deterministic.
 * @module
 */
import { ArgumentError } from "../base/argument-error.ts";
import { requireNumber } from "../base/check.ts";
import type { LinearEstimator } from "../base/estimator.ts";
import type { Fit } from "../base/fit.ts";
import { type FitPort, silentPort } from "../base/fit-port.ts";
import type { Matrix } from "../base/matrix.ts";
import type { ValueTarget } from "../base/target.ts";
import { requireValues } from "../base/training-data.ts";
import { solveLeastSquares } from "./least-squares.ts";
import { columnDeviations, columnMeans, dot, standardized } from "./moments.ts";

export interface RidgeParams {
  /** Strength of the penalty, ≥ 0; default 1. */
  readonly alpha?: number | undefined;
  /** Whether there is an (unpenalised) intercept; default true. */
  readonly fit_intercept?: boolean | undefined;
}

/**
 * `loss` is the mean squared error on the training rows.
 * @throws ArgumentError for bad data or parameters.
 */
export function fitRidge(
  x: Matrix,
  y: ValueTarget,
  { alpha = 1, fit_intercept = true }: RidgeParams = {},
  port: FitPort = silentPort,
): Fit<LinearEstimator> {
  requireNumber("alpha", alpha, 0);
  requireValues(x, y);
  const centers = fit_intercept ? columnMeans(x) : new Float64Array(x.cols);
  const targetCenter = fit_intercept ? columnMeans({ data: y.values, rows: x.rows, cols: 1 })[0]! : 0;
  const centered = centeredOn(x, centers);
  const rest = y.values.map((value) => value - targetCenter);

  const { solution: coefficients } =
    alpha === 0
      ? solveLeastSquares(centered, rest)
      : solveLeastSquares(withPenaltyRows(centered, Math.sqrt(alpha)), extended(rest, x.cols));
  const intercept = targetCenter - dot(coefficients, centers);
  const loss = meanSquaredError(centered, rest, coefficients);
  if (!Number.isFinite(loss)) throw new ArgumentError('"y" expected values whose squares can be summed, they overflow');
  port.iteration(1, 1, loss);
  return { estimator: { kind: "linear", coefficients, intercept }, iterations: 0, converged: true, loss };
}

/** Centred where there is something left of the column; a constant column becomes zeros, not rounding noise. */
function centeredOn(x: Matrix, centers: Float64Array): Matrix {
  const deviations = columnDeviations(x, centers);
  return standardized(
    x,
    centers,
    deviations.map((deviation) => (deviation === 0 ? 0 : 1)),
  );
}

function withPenaltyRows(x: Matrix, root: number): Matrix {
  const data = extended(x.data, x.cols * x.cols);
  for (let j = 0; j < x.cols; j++) data[x.data.length + j * x.cols + j] = root;
  return { data, rows: x.rows + x.cols, cols: x.cols };
}

function extended(values: Float64Array, zeros: number): Float64Array {
  const longer = new Float64Array(values.length + zeros);
  longer.set(values);
  return longer;
}

function meanSquaredError(x: Matrix, y: Float64Array, w: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.rows; i++) sum += (y[i]! - dot(w, x.data.subarray(i * x.cols, (i + 1) * x.cols))) ** 2;
  return sum / x.rows;
}
