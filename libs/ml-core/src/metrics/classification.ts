/**
 * All metrics of a classifier on some rows.
 * @module
 */
import type { Matrix } from "../base/matrix.ts";
import { confusionMatrix } from "./confusion-matrix.ts";
import { logLoss } from "./log-loss.ts";
import { accuracy, f1, macro, precision, recall, weighted } from "./precision-recall.ts";
import { type Metric, type MetricReport, reportOf, requireSameLength } from "./report.ts";
import { rocAuc, rocAucOneVsRest } from "./roc-auc.ts";

export interface ClassificationResult {
  /** Class of each row, 0..classes−1. */
  readonly truth: Int32Array;
  readonly predicted: Int32Array;
  /** rows × classes. */
  readonly probabilities: Matrix;
  /** The class that the binary metrics are about; unused with more than two classes. Default 1, the later one. */
  readonly positive?: number | undefined;
}

/**
 * accuracy, log_loss, {precision, recall, f1}_{macro, weighted}; with two classes also precision, recall, f1 and roc_auc
 * of the positive one, with more roc_auc_ovr.
 */
export function classificationMetrics({
  truth,
  predicted,
  probabilities,
  positive = 1,
}: ClassificationResult): MetricReport {
  requireSameLength("predicted", predicted.length, truth.length);
  requireSameLength("probabilities", probabilities.rows, truth.length);
  const confusion = confusionMatrix(truth, predicted, probabilities.cols);
  const metrics: Record<string, Metric> = { accuracy: accuracy(confusion), log_loss: logLoss(truth, probabilities) };
  for (const [name, metric] of Object.entries({ precision, recall, f1 })) {
    if (confusion.classes === 2) metrics[name] = metric(confusion, positive);
    metrics[`${name}_macro`] = macro(metric, confusion);
    metrics[`${name}_weighted`] = weighted(metric, confusion);
  }
  if (confusion.classes === 2) {
    const scores = Float64Array.from(truth, (_, i) => probabilities.data[i * 2 + positive]!);
    metrics["roc_auc"] = rocAuc(truth, scores, positive);
  } else metrics["roc_auc_ovr"] = rocAucOneVsRest(truth, probabilities);
  return reportOf(metrics);
}
