/**
 * What goes into a model and what comes out: names and types of columns.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { type Classes, type ModelInput, requireConsistent, type TrainedModel } from "./trained-model.ts";

export type OutputType = "number" | "integer" | "text" | "boolean";

export interface ModelOutput {
  readonly name: string;
  readonly type: OutputType;
}

export interface Signature {
  readonly inputs: readonly ModelInput[];
  readonly outputs: readonly ModelOutput[];
}

/** What the shown prediction is: an index into these values. */
export type Shown = Classes;

/**
 * The signature of a trained model; prediction first.
 * @throws RangeError if the parts of the model do not fit together.
 * @throws AppError OUTPUT_CONFIGURATION_INVALID if the output cannot be named so.
 */
export function signatureOf(model: TrainedModel): Signature {
  requireConsistent(model);
  const outputs = outputsOf(model);
  // Only columns are values of the graph by their own names.
  const taken = new Set(inputLayout(model.inputs) === "columns" ? model.inputs.map(({ name }) => name) : []);
  for (const { name } of outputs) {
    if (taken.has(name))
      throw new AppError("OUTPUT_CONFIGURATION_INVALID", {
        field: "name",
        problem: `gives two columns the name '${name}'; choose another`,
      });
    taken.add(name);
  }
  return { inputs: model.inputs, outputs };
}

/** How the inputs of a model reach its graph: all numbers as one matrix, one text alone, otherwise column by column. */
export function inputLayout(inputs: readonly ModelInput[]): "matrix" | "text" | "columns" {
  if (inputs.every(({ type }) => type === "number")) return "matrix";
  return inputs.length === 1 ? "text" : "columns";
}

/**
 * The values that the prediction of a class or a cluster is shown as, by its index; null where predictions are not of a list.
 * @throws AppError OUTPUT_CONFIGURATION_INVALID if labels name a value that is not one.
 */
export function shownValues(model: TrainedModel): Shown | null {
  const values = predictedValues(model);
  const { labels } = model.output;
  if (labels === null) return values;
  const known = values?.map(String) ?? [];
  for (const value of Object.keys(labels))
    if (!known.includes(value))
      throw new AppError("OUTPUT_CONFIGURATION_INVALID", {
        field: "labels",
        problem: `names '${value}', which is not predicted; ${known.length > 0 ? `predictions are ${known.map((text) => `'${text}'`).join(", ")}` : "this model predicts numbers"}`,
      });
  return known.map((text) => (Object.hasOwn(labels, text) ? labels[text]! : text));
}

/** `probability_<class>` of each class. */
export function probabilityNames(classes: Classes): string[] {
  return classes.map((value) => `probability_${value}`);
}

/** The name of the prediction's column. */
export function predictionName(model: TrainedModel): string {
  return model.output.name ?? "prediction";
}

function outputsOf(model: TrainedModel): ModelOutput[] {
  const { estimator, classes, output } = model;
  if (estimator.kind === "isolation-forest") {
    const field = output.name !== null ? "name" : "labels";
    if (output[field] !== null)
      throw new AppError("OUTPUT_CONFIGURATION_INVALID", {
        field,
        problem: "names nothing: anomaly detection answers 'anomaly_score' and 'is_anomaly'",
      });
    return [
      { name: "anomaly_score", type: "number" },
      { name: "is_anomaly", type: "boolean" },
    ];
  }
  const shown = shownValues(model);
  const prediction: ModelOutput = { name: predictionName(model), type: shown === null ? "number" : typeOf(shown) };
  if (estimator.kind === "k-means") return [prediction, { name: "distance", type: "number" }];
  return [prediction, ...probabilityNames(classes ?? []).map((name) => ({ name, type: "number" as const }))];
}

function predictedValues({ estimator, classes }: TrainedModel): Classes | null {
  return estimator.kind === "k-means" ? Array.from({ length: estimator.centers.rows }, (_, k) => k) : classes;
}

function typeOf(values: Classes): OutputType {
  switch (typeof values[0]) {
    case "string":
      return "text";
    case "boolean":
      return "boolean";
    default:
      return "integer";
  }
}
