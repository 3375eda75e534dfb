/**
 * Metrics by name. One that is not defined on the rows at hand is not a number: it is left out, with the reason.
 * @module
 */
import { ArgumentError } from "../base/argument-error.ts";

export interface MetricReport {
  /** By scikit-learn's names; every value finite. */
  readonly values: Readonly<Record<string, number>>;
  /** Those left out, e.g. { name: "roc_auc", reason: "only one class in these rows" }. */
  readonly undefined: readonly UndefinedMetric[];
}

export interface UndefinedMetric {
  readonly name: string;
  readonly reason: string;
}

/** A metric's value, or why it has none. */
export type Metric = number | { readonly reason: string };

export function reportOf(metrics: Readonly<Record<string, Metric>>): MetricReport {
  const values: Record<string, number> = {};
  const left: UndefinedMetric[] = [];
  for (const [name, metric] of Object.entries(metrics)) {
    if (typeof metric !== "number") left.push({ name, reason: metric.reason });
    else if (Number.isFinite(metric)) values[name] = metric;
    else left.push({ name, reason: `its value is ${metric}` });
  }
  return { values, undefined: left };
}

/** @throws ArgumentError if two columns that belong together differ in length. */
export function requireSameLength(name: string, actual: number, expected: number): void {
  if (actual !== expected) throw new ArgumentError(`"${name}" expected length ${expected}, got ${actual}`);
}
