/**
 * Data that passed the checks: what an algorithm is given.
 * @module
 */
import type { Classes, Target } from "@mintmark/ml-core/base/target";
import type { Task } from "@mintmark/ml-core/base/task";
import type { NumberTableColumn, TextTableColumn } from "./table.ts";

/** A column that an algorithm can take. */
export type FeatureColumn = NumberTableColumn | TextTableColumn;

/** Data that passed the checks. */
export interface TrainingData {
  readonly task: Task;
  readonly features: readonly FeatureColumn[];
  /** Null for clustering and anomaly detection. */
  readonly target: Target | null;
  /** What the labels of the target stand for; null if it has none. */
  readonly classes: Classes | null;
  /** What a person should know before trusting what is learned from it. */
  readonly warnings: readonly string[];
}
