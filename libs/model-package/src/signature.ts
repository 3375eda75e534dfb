/**
 * What goes into a trained model and what comes out.
 * @module
 */
import { type ModelOutput, type OutputPlan, outputColumns } from "./output-columns.ts";
import { type ModelInput, requireConsistent, type TrainedModel } from "./trained-model.ts";

export interface Signature {
  readonly inputs: readonly ModelInput[];
  readonly outputs: readonly ModelOutput[];
}

/**
 * The signature of a trained model; prediction first.
 * @throws ArgumentError if the parts of the model do not fit together.
 * @throws AppError OUTPUT_CONFIGURATION_INVALID if the output cannot be named so.
 */
export function signatureOf(model: TrainedModel): Signature {
  requireConsistent(model);
  return { inputs: model.inputs, outputs: outputColumns(planOf(model)) };
}

/** What its estimator answers, whatever was planned. */
export function planOf({ task, inputs, estimator, classes, output }: TrainedModel): OutputPlan {
  if (estimator.kind === "isolation-forest") return { task: "anomaly", inputs, values: null, output };
  if (estimator.kind !== "k-means") return { task, inputs, values: classes, output };
  const clusters = Array.from({ length: estimator.centers.rows }, (_, k) => k);
  return { task: "clustering", inputs, values: clusters, output };
}
