/**
 * The metrics that each task can be judged by, by their scikit-learn names.
 * @module
 */
import type { Task } from "@mintmark/ml-core/base/task";

const classification = [
  "accuracy",
  "precision",
  "precision_macro",
  "precision_weighted",
  "recall",
  "recall_macro",
  "recall_weighted",
  "f1",
  "f1_macro",
  "f1_weighted",
  "roc_auc",
  "roc_auc_ovr",
  "roc_auc_ovr",
  "log_loss",
] as const;

export const metricsOf: Readonly<Record<Task, readonly string[]>> = {
  classification,
  text: classification,
  regression: ["rmse", "mae", "r2"],
  clustering: ["silhouette", "inertia"],
  anomaly: ["anomaly_rate"],
};

export const metricNames: readonly string[] = [...new Set(Object.values(metricsOf).flat())];
