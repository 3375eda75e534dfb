/**
 * What gradient boosting makes small: for each kind of target a loss, with its first and second derivative by the scores.
 * Arrays of sums and derivatives are output by output: entry (output k, row i) is at `k * rows + i`. A score is the sum
 * of a row's leaves plus the output's base.
 * @module
 */
import type { TreeEstimator } from "../base/estimator.ts";
import { logistic, softmax } from "../base/link.ts";
import type { ClassTarget, Target, ValueTarget } from "../base/target.ts";
import { centred, meanOf } from "../tree/centred.ts";

export interface BoostingLoss {
  readonly link: TreeEstimator["link"];
  /** How many scores a row has. */
  readonly outputs: number;
  /** The score of each output that is best without any tree. */
  readonly base: readonly number[];
  /** The largest step that a leaf may take, before the learning rate. */
  readonly stepMax: number;
  /** Fills in the derivatives at these sums of leaves and returns the mean loss. */
  readonly derive: (sums: Float64Array, outGradients: Float64Array, outCurvatures: Float64Array) => number;
}

/**
 * The largest step in log-odds. G / H is a step to where the curvature's parabola has its end; where probabilities are
 * near 0 and 1 the log loss is no parabola, and the step has no bound: a row that is wrong with p = 1e-6 asks for 1e6.
 * On 200 classes of 10 rows the loss rose from 1.0 to 5.4, 116 and 245 in the first iterations, until leaves were no
 * numbers (LightGBM's rises to 21 on like data); with any bound from 5 to 50 it falls to below 0.001. XGBoost's
 * `max_delta_step` is the same, with 1 to 10 as advice; 10 is inactive while the classes are about ten.
 */
const LOG_ODDS_STEP_MAX = 10;

/** Log loss for classes, half the squared error for values. */
export function lossOf(y: Target): BoostingLoss {
  if (y.kind === "values") return squaredError(y);
  return y.classes === 2 ? binaryLogLoss(y) : multiclassLogLoss(y);
}

function squaredError({ values }: ValueTarget): BoostingLoss {
  // Errors are those of the values without their mean: beside a large one they would lose digits in every sum.
  const wanted = centred(values);
  return {
    link: "identity",
    outputs: 1,
    base: [meanOf(values)],
    stepMax: Infinity,
    derive: (sums, outGradients, outCurvatures) => {
      let loss = 0;
      for (let row = 0; row < wanted.length; row++) {
        const error = sums[row]! - wanted[row]!;
        outGradients[row] = error;
        outCurvatures[row] = 1;
        loss += (error * error) / 2;
      }
      return loss / wanted.length;
    },
  };
}

/** Gradient p − y, curvature p(1 − p), p being the probability of class 1. */
function binaryLogLoss({ labels }: ClassTarget): BoostingLoss {
  const ones = labels.reduce((a, b) => a + b, 0);
  const probabilities = new Float64Array(2);
  const base = Math.log(ones / (labels.length - ones));
  return {
    link: "logistic",
    outputs: 1,
    base: [base],
    stepMax: LOG_ODDS_STEP_MAX,
    derive: (sums, outGradients, outCurvatures) => {
      let loss = 0;
      for (let row = 0; row < labels.length; row++) {
        logistic(sums[row]! + base, probabilities, 0);
        outGradients[row] = labels[row] === 1 ? -probabilities[0]! : probabilities[1]!;
        outCurvatures[row] = probabilities[0]! * probabilities[1]!;
        loss -= Math.log(probabilities[labels[row]!]!);
      }
      return loss / labels.length;
    },
  };
}

/**
 * Gradient p − y, and as curvature p(1 − p) · K / (K − 1): the second derivative, enlarged (as in LightGBM) because
 * K trees, each for itself, move K scores that only matter by their differences.
 */
function multiclassLogLoss({ labels, classes }: ClassTarget): BoostingLoss {
  const rows = labels.length;
  const factor = classes / (classes - 1);
  const probabilities = new Float64Array(classes);
  const base = logPriors(labels, classes);
  return {
    link: "softmax",
    outputs: classes,
    base,
    stepMax: LOG_ODDS_STEP_MAX,
    derive: (sums, outGradients, outCurvatures) => {
      let loss = 0;
      for (let row = 0; row < rows; row++) {
        for (let k = 0; k < classes; k++) probabilities[k] = sums[k * rows + row]! + base[k]!;
        softmax(probabilities, 0, classes);
        for (let k = 0; k < classes; k++) {
          const p = probabilities[k]!;
          outGradients[k * rows + row] = labels[row] === k ? p - 1 : p;
          outCurvatures[k * rows + row] = factor * p * (1 - p);
        }
        loss -= Math.log(probabilities[labels[row]!]!);
      }
      return loss / rows;
    },
  };
}

/** Logarithms of the classes' shares; a class without rows counts as half a row. */
function logPriors(labels: Int32Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label]!++;
  return counts.map((count) => Math.log(Math.max(count, 0.5) / labels.length));
}
