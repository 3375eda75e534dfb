/**
 * All metrics of a regression on some rows: rmse, mae and r2.
 * @module
 */
import { type Metric, type MetricReport, reportOf, requireSameLength } from "./report.ts";

export function regressionMetrics(truth: Float64Array, predicted: Float64Array): MetricReport {
  requireSameLength("predicted", predicted.length, truth.length);
  const none = { reason: "there are no rows" };
  const rows = truth.length;
  const squares = sumOf(truth, (value, i) => (value - predicted[i]!) ** 2);
  const mae: Metric = rows === 0 ? none : sumOf(truth, (value, i) => Math.abs(value - predicted[i]!)) / rows;
  const rmse: Metric = rows === 0 ? none : Math.sqrt(squares / rows);
  return reportOf({ rmse, mae, r2: r2(truth, squares) });
}

/** 1 − squared errors / squared deviations from the mean. */
function r2(truth: Float64Array, squares: number): Metric {
  if (truth.length < 2) return { reason: "it takes at least 2 rows" };
  if (truth.every((value) => value === truth[0])) return { reason: "the target is the same in all these rows" };
  const mean = sumOf(truth, (value) => value) / truth.length;
  return 1 - squares / sumOf(truth, (value) => (value - mean) ** 2);
}

function sumOf(values: Float64Array, term: (value: number, index: number) => number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += term(values[i]!, i);
  return sum;
}
