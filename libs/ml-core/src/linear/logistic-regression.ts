/**
 * Logistic regression with an L2 penalty: binary, or multinomial for more than two classes. Minimises, like
 * scikit-learn's lbfgs solver, mean log loss + ‖w‖² / (2 · C · rows); the intercepts are not penalised.
 *
 * The optimum does not depend on the variables it is searched in. The search runs in v with w = v · d, where d_j makes
 * the curvature along each v_j about 1 (a diagonal preconditioner), and dense features are centred: so features in any
 * units take about as many iterations as standardized ones.
 *
 * Cost: O(iterations · values in x · classes) time; O(rows · classes) extra memory beside a centred copy of dense x.
 * Deterministic: the same data and params give bit-identical estimators.
 * @module
 */
import { requireInteger, requirePositive } from "../base/check.ts";
import type { LogisticEstimator } from "../base/estimator.ts";
import type { Fit } from "../base/fit.ts";
import { type FitPort, silentPort } from "../base/fit-port.ts";
import { logistic, softmax } from "../base/link.ts";
import type { Matrix } from "../base/matrix.ts";
import type { ClassTarget } from "../base/target.ts";
import { requireClasses } from "../base/training-data.ts";
import { type Design, denseDesign, type SparseRows, sparseDesign } from "./design.ts";
import { minimize, type Objective } from "./lbfgs.ts";
import { columnDeviations, columnMeans, standardized } from "./moments.ts";

export interface LogisticRegressionParams {
  /** Inverse strength of the penalty, > 0; default 1. */
  readonly C?: number | undefined;
  /** At most so many iterations, ≥ 1; default 100. */
  readonly max_iter?: number | undefined;
  /** Ends when no entry of the gradient, per standard deviation of its feature, is larger; > 0, default 1e-4. */
  readonly tol?: number | undefined;
  /** Whether there are (unpenalised) intercepts; default true. */
  readonly fit_intercept?: boolean | undefined;
}

/**
 * `loss` is the minimised sum of mean log loss and penalty.
 * @throws ArgumentError for bad data or parameters.
 */
export function fitLogisticRegression(
  x: Matrix,
  y: ClassTarget,
  params: LogisticRegressionParams = {},
  port: FitPort = silentPort,
): Fit<LogisticEstimator> {
  requireClasses(x, y);
  const { fit_intercept = true } = params;
  const centers = fit_intercept ? columnMeans(x) : new Float64Array(x.cols);
  const deviations = columnDeviations(x, centers);
  const unit = deviations.map((deviation) => (deviation === 0 ? 0 : 1));
  const design = denseDesign(standardized(x, centers, unit));
  const fit = fitDesign(
    design,
    deviations.map((deviation) => deviation ** 2),
    y,
    params,
    port,
  );
  return { ...fit, estimator: movedFrom(centers, fit.estimator) };
}

/** The same for sparse rows, which are not centred. Values must be finite and labels valid: callers made them. */
export function fitSparseLogisticRegression(
  x: SparseRows,
  y: ClassTarget,
  params: LogisticRegressionParams = {},
  port: FitPort = silentPort,
): Fit<LogisticEstimator> {
  const variances = new Float64Array(x.cols);
  for (let at = 0; at < x.values.length; at++) variances[x.columns[at]!]! += x.values[at]! ** 2 / x.rows;
  return fitDesign(sparseDesign(x), variances, y, params, port);
}

/** @param variances mean square of each column of the design */
function fitDesign(
  design: Design,
  variances: Float64Array,
  y: ClassTarget,
  { C = 1, max_iter = 100, tol = 1e-4, fit_intercept = true }: LogisticRegressionParams,
  port: FitPort,
): Fit<LogisticEstimator> {
  requirePositive("C", C);
  requireInteger("max_iter", max_iter, 1);
  requirePositive("tol", tol);
  const penalty = 1 / (C * design.rows);
  // The log loss of two classes bends by at most variance / 4 along a weight; the penalty by `penalty`.
  const units = variances.map((variance) => 1 / Math.sqrt(variance + 4 * penalty));
  const scores = y.classes === 2 ? 1 : y.classes;
  const weights = scores * design.cols;
  const objective = logLossObjective(design, y, { units, penalty, scores, fitIntercept: fit_intercept });
  const { point, value, iterations, converged } = minimize(objective, new Float64Array(weights + scores), {
    iterationsMax: max_iter,
    gradientTolerance: tol,
    onIteration: (done, loss) => port.iteration(done, max_iter, loss),
  });
  const data = point.slice(0, weights).map((v, at) => v * units[at % design.cols]!);
  const estimator: LogisticEstimator = {
    kind: "logistic",
    coefficients: { data, rows: scores, cols: design.cols },
    intercepts: point.slice(weights),
    classes: y.classes,
  };
  return { estimator, iterations, converged, loss: value };
}

/** Variables: the scaled weights of each score in turn, then the intercepts. */
function logLossObjective(
  design: Design,
  { labels }: ClassTarget,
  {
    units,
    penalty,
    scores,
    fitIntercept,
  }: { units: Float64Array; penalty: number; scores: number; fitIntercept: boolean },
): Objective {
  const { rows, cols } = design;
  const weights = scores * cols;
  const w = new Float64Array(weights);
  const residuals = new Float64Array(rows * scores);
  return (point, outGradient) => {
    for (let at = 0; at < weights; at++) w[at] = point[at]! * units[at % cols]!;
    for (let i = 0; i < rows; i++) for (let c = 0; c < scores; c++) residuals[i * scores + c] = point[weights + c]!;
    design.addScores(w, scores, residuals);
    let value = (scores === 1 ? binaryResiduals : softmaxResiduals)(residuals, labels, scores) / rows;

    outGradient.fill(0);
    const gradient = outGradient.subarray(0, weights);
    design.addTransposed(residuals, scores, gradient);
    for (let at = 0; at < weights; at++) {
      value += (penalty / 2) * w[at]! ** 2;
      gradient[at] = (gradient[at]! / rows + penalty * w[at]!) * units[at % cols]!;
    }
    if (fitIntercept)
      for (let at = 0; at < residuals.length; at++) outGradient[weights + (at % scores)]! += residuals[at]! / rows;
    return value;
  };
}

// ── Kernels: scores in, d loss / d score out, in place; the sum of the log losses is returned. ──

function binaryResiduals(scores: Float64Array, labels: Int32Array): number {
  const probabilities = new Float64Array(2);
  let sum = 0;
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    logistic(score, probabilities, 0);
    // −log σ(z) = log(1 + e^−z) = max(0, −z) + log(1 + e^−|z|); the last term is −log of the larger probability.
    sum += Math.max(0, labels[i] === 1 ? -score : score) - Math.log(Math.max(probabilities[0]!, probabilities[1]!));
    scores[i] = labels[i] === 1 ? -probabilities[0]! : probabilities[1]!;
  }
  return sum;
}

function softmaxResiduals(scores: Float64Array, labels: Int32Array, classes: number): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    const from = i * classes;
    let largest = Number.NEGATIVE_INFINITY;
    for (let at = from; at < from + classes; at++) largest = Math.max(largest, scores[at]!);
    const own = from + labels[i]!;
    const behind = largest - scores[own]!;
    softmax(scores, from, classes);
    let most = 0;
    for (let at = from; at < from + classes; at++) most = Math.max(most, scores[at]!);
    // −log p(own) = (largest score − own score) − log p(largest): finite also where p(own) is 0.
    sum += behind - Math.log(most);
    scores[own]! -= 1;
  }
  return sum;
}

/** What was learned from rows moved by −`centers`, for rows as they are. */
function movedFrom(centers: Float64Array, estimator: LogisticEstimator): LogisticEstimator {
  const { data, cols } = estimator.coefficients;
  const intercepts = estimator.intercepts.map((intercept, c) => {
    let moved = intercept;
    for (let j = 0; j < cols; j++) moved -= data[c * cols + j]! * centers[j]!;
    return moved;
  });
  return { ...estimator, intercepts };
}
