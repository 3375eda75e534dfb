/**
 * What gradient boosting makes small: for each kind of target a loss, with its first and second derivative by the scores.
 * Arrays of scores and derivatives are output by output: entry (output k, row i) is at `k * rows + i`.
 * @module
 */
import type { TreeEstimator } from "../base/estimator.ts";
import { logistic, softmax } from "../base/link.ts";
import type { ClassTarget, Target, ValueTarget } from "../base/target.ts";

export interface BoostingLoss {
  readonly link: TreeEstimator["link"];
  /** How many scores a row has. */
  readonly outputs: number;
  /** The score of each output that is best without any tree. */
  readonly base: readonly number[];
  /** Fills in the derivatives at these scores and returns the mean loss. */
  readonly derive: (scores: Float64Array, outGradients: Float64Array, outCurvatures: Float64Array) => number;
}

/** Log loss for classes, half the squared error for values. */
export function lossOf(y: Target): BoostingLoss {
  if (y.kind === "values") return squaredError(y);
  return y.classes === 2 ? binaryLogLoss(y) : multiclassLogLoss(y);
}

function squaredError({ values }: ValueTarget): BoostingLoss {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return {
    link: "identity",
    outputs: 1,
    base: [mean],
    derive: (scores, outGradients, outCurvatures) => {
      let loss = 0;
      for (let row = 0; row < values.length; row++) {
        const error = scores[row]! - values[row]!;
        outGradients[row] = error;
        outCurvatures[row] = 1;
        loss += (error * error) / 2;
      }
      return loss / values.length;
    },
  };
}

/** Gradient p − y, curvature p(1 − p), p being the probability of class 1. */
function binaryLogLoss({ labels }: ClassTarget): BoostingLoss {
  const ones = labels.reduce((a, b) => a + b, 0);
  const probabilities = new Float64Array(2);
  return {
    link: "logistic",
    outputs: 1,
    base: [Math.log(ones / (labels.length - ones))],
    derive: (scores, outGradients, outCurvatures) => {
      let loss = 0;
      for (let row = 0; row < labels.length; row++) {
        logistic(scores[row]!, probabilities, 0);
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
  return {
    link: "softmax",
    outputs: classes,
    base: logPriors(labels, classes),
    derive: (scores, outGradients, outCurvatures) => {
      let loss = 0;
      for (let row = 0; row < rows; row++) {
        for (let k = 0; k < classes; k++) probabilities[k] = scores[k * rows + row]!;
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
