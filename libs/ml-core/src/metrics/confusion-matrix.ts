/**
 * How often each class was predicted as which.
 * @module
 */
import { requireSameLength } from "./report.ts";

export interface ConfusionMatrix {
  readonly classes: number;
  /** classes × classes, row-major: `counts[truth * classes + prediction]`. */
  readonly counts: Int32Array;
}

export function confusionMatrix(truth: Int32Array, predicted: Int32Array, classes: number): ConfusionMatrix {
  requireSameLength("predicted", predicted.length, truth.length);
  const counts = new Int32Array(classes * classes);
  for (let i = 0; i < truth.length; i++) counts[truth[i]! * classes + predicted[i]!]! += 1;
  return { classes, counts };
}

/** Rows whose class is `label`. */
export function support({ counts, classes }: ConfusionMatrix, label: number): number {
  let sum = 0;
  for (let other = 0; other < classes; other++) sum += counts[label * classes + other]!;
  return sum;
}

/** Rows that were predicted as `label`. */
export function predictedAs({ counts, classes }: ConfusionMatrix, label: number): number {
  let sum = 0;
  for (let other = 0; other < classes; other++) sum += counts[other * classes + label]!;
  return sum;
}

/** Rows whose class is `label` and that were predicted so. */
export function hits({ counts, classes }: ConfusionMatrix, label: number): number {
  return counts[label * classes + label]!;
}
