/**
 * What comes out of a model: names and types of columns. It follows from the task, the target and the training file's
 * `output`, so that what cannot be is known before anything is trained.
 * @module
 */

import type { ColumnSchema } from "@mintmark/columns/column-schema";
import { AppError } from "@mintmark/errors";
import type { Classes } from "@mintmark/ml-core/base/target";
import type { ModelInput, TrainedModel } from "./trained-model.ts";

export type OutputType = "number" | "integer" | "text" | "boolean";

export interface ModelOutput {
  readonly name: string;
  readonly type: OutputType;
}

/** An input as far as outputs depend on it. */
export interface PlannedInput extends Pick<ModelInput, "name" | "type"> {
  readonly column?: Pick<ColumnSchema, "type" | "spells">;
}

export interface OutputPlan extends Pick<TrainedModel, "task" | "output"> {
  readonly inputs: readonly PlannedInput[];
  /** What a prediction is one of, classes or cluster numbers; null where it is a number. */
  readonly values: Classes | null;
}

/** What the shown prediction is: an index into these values. */
export type Shown = Classes;

/**
 * The prediction first, unless anomalies are looked for.
 * @throws AppError OUTPUT_CONFIGURATION_INVALID if the output cannot be named so.
 */
export function outputColumns(plan: OutputPlan): ModelOutput[] {
  const outputs = columnsOf(plan);
  // Only columns are values of the graph by their own names.
  const taken = new Set(inputLayout(plan.inputs) === "columns" ? plan.inputs.map(({ name }) => name) : []);
  for (const { name } of outputs) {
    if (taken.has(name))
      throw new AppError("OUTPUT_CONFIGURATION_INVALID", {
        field: "name",
        problem: `gives two columns the name '${name}'; choose another`,
      });
    taken.add(name);
  }
  return outputs;
}

/**
 * How the inputs of a model reach its graph: all numbers as one matrix, one text alone, otherwise column by column. So are
 * booleans too, because MLflow takes them for numbers, and for texts, only where columns are described as tensors.
 */
export function inputLayout(inputs: readonly PlannedInput[]): "matrix" | "text" | "columns" {
  if (inputs.some(({ column }) => column?.type === "boolean" || column?.spells?.includes("boolean"))) return "columns";
  if (inputs.every(({ type }) => type === "number")) return "matrix";
  return inputs.length === 1 ? "text" : "columns";
}

/**
 * The values that the prediction of a class or a cluster is shown as, by its index; null where predictions are not of a list.
 * @throws AppError OUTPUT_CONFIGURATION_INVALID if labels name a value that is not one.
 */
export function shownValues({ values, output: { labels } }: Pick<OutputPlan, "values" | "output">): Shown | null {
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
export function predictionName({ output }: Pick<OutputPlan, "output">): string {
  return output.name ?? "prediction";
}

function columnsOf(plan: OutputPlan): ModelOutput[] {
  const { task, values, output } = plan;
  if (task === "anomaly") {
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
  const shown = shownValues(plan);
  const prediction: ModelOutput = { name: predictionName(plan), type: shown === null ? "number" : typeOf(shown) };
  if (task === "clustering") return [prediction, { name: "distance", type: "number" }];
  return [prediction, ...probabilityNames(values ?? []).map((name) => ({ name, type: "number" as const }))];
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
