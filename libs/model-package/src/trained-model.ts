/**
 * What training hands to packaging: everything that a prediction needs, and nothing else.
 * @module
 */
import type { Estimator } from "@mintmark/ml-core/base/estimator";
import type { Preprocessor } from "@mintmark/ml-core/base/preprocessing";

export type Task = "classification" | "regression" | "clustering" | "anomaly" | "text";

export interface ModelInput {
  readonly name: string;
  readonly type: "number" | "text";
}

/** The target's values in ascending order: numbers by value, text by code point, false before true. */
export type Classes = readonly string[] | readonly number[] | readonly boolean[];

export interface TrainedModel {
  readonly task: Task;
  /** In the order of the preprocessor's encoders; for a text estimator, the one text column. */
  readonly inputs: readonly ModelInput[];
  /** One encoder an input; none for a text estimator. */
  readonly preprocessor: Preprocessor;
  readonly estimator: Estimator;
  /** Null unless the estimator classifies. Numbers are integers. */
  readonly classes: Classes | null;
  readonly output: OutputNames;
}

/** How the prediction is shown. */
export interface OutputNames {
  /** Instead of `prediction`. */
  readonly name: string | null;
  /** Instead of the prediction's values, by the text of the value. Values that it does not name stay. */
  readonly labels: Readonly<Record<string, string>> | null;
}
