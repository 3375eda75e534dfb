/**
 * Accuracy, precision, recall and F1 from a confusion matrix; a rate of nothing is undefined for one class, and counts as
 * 0 in an average over classes, as in scikit-learn.
 * @module
 */
import { type ConfusionMatrix, hits, predictedAs, support } from "./confusion-matrix.ts";
import type { Metric } from "./report.ts";

export function accuracy(confusion: ConfusionMatrix): Metric {
  let right = 0;
  let rows = 0;
  for (let label = 0; label < confusion.classes; label++) {
    right += hits(confusion, label);
    rows += support(confusion, label);
  }
  return rows === 0 ? { reason: "there are no rows" } : right / rows;
}

/** Of the rows predicted as `label`, the share that is. */
export function precision(confusion: ConfusionMatrix, label: number): Metric {
  const predicted = predictedAs(confusion, label);
  return predicted === 0 ? { reason: "no row was predicted to be of the class" } : hits(confusion, label) / predicted;
}

/** Of the rows of class `label`, the share predicted so. */
export function recall(confusion: ConfusionMatrix, label: number): Metric {
  const rows = support(confusion, label);
  return rows === 0 ? { reason: "no row is of the class" } : hits(confusion, label) / rows;
}

/** Harmonic mean of precision and recall: 2·hits / (rows of the class + rows predicted so). */
export function f1(confusion: ConfusionMatrix, label: number): Metric {
  const rows = support(confusion, label) + predictedAs(confusion, label);
  return rows === 0 ? { reason: "no row is of the class or was predicted to be" } : (2 * hits(confusion, label)) / rows;
}

export type ClassMetric = typeof precision;

/** Mean over the classes that occur in truth or prediction. */
export function macro(metric: ClassMetric, confusion: ConfusionMatrix): Metric {
  return weightedMean(metric, confusion, (label) =>
    support(confusion, label) + predictedAs(confusion, label) > 0 ? 1 : 0,
  );
}

/** Mean over the classes, weighted by their rows. */
export function weighted(metric: ClassMetric, confusion: ConfusionMatrix): Metric {
  return weightedMean(metric, confusion, (label) => support(confusion, label));
}

function weightedMean(metric: ClassMetric, confusion: ConfusionMatrix, weightOf: (label: number) => number): Metric {
  let sum = 0;
  let weights = 0;
  for (let label = 0; label < confusion.classes; label++) {
    const value = metric(confusion, label);
    sum += weightOf(label) * (typeof value === "number" ? value : 0);
    weights += weightOf(label);
  }
  return weights === 0 ? { reason: "there are no rows" } : sum / weights;
}
