/**
 * What training hands to packaging: everything that a prediction needs, and nothing else.
 * @module
 */
import { type ColumnSchema, storageOf, type TableSchema } from "@mintmark/columns/column-schema";
import { ArgumentError } from "@mintmark/ml-core/base/argument-error";
import type { Estimator } from "@mintmark/ml-core/base/estimator";
import type { Preprocessor } from "@mintmark/ml-core/base/preprocessing";
import type { Classes } from "@mintmark/ml-core/base/target";
import type { Task } from "@mintmark/ml-core/base/task";

export interface ModelInput {
  readonly name: string;
  /** What the graph takes: the storage of the column. */
  readonly type: "number" | "text";
  /** How values are read, by every door. */
  readonly column: ColumnSchema;
}

export interface TrainedModel extends Omit<TableSchema, "columns"> {
  readonly task: Task;
  /** In the order of the preprocessor's encoders; for a text estimator, the one text column. */
  readonly inputs: readonly ModelInput[];
  /** One encoder an input; none for a text estimator. */
  readonly preprocessor: Preprocessor;
  readonly estimator: Estimator;
  /** Null unless the estimator classifies. */
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

/** @throws ArgumentError if the parts do not fit together. */
export function requireConsistent({ inputs, preprocessor, estimator, classes }: TrainedModel): void {
  if (inputs.length === 0) throw new ArgumentError('"inputs" expected at least one column, got none');
  for (const { name, type, column } of inputs)
    if (column.name !== name || storageOf(column.type) !== type)
      throw new ArgumentError(
        `"inputs" expected the column of '${name}', ${type}, got '${column.name}', ${storageOf(column.type)}`,
      );
  if (estimator.kind === "text") {
    if (inputs.length !== 1 || inputs[0]!.type !== "text")
      throw new ArgumentError(`"inputs" expected one text column for a text estimator, got ${inputs.length} columns`);
  } else {
    const names = preprocessor.encoders.map(({ column }) => column);
    if (JSON.stringify(names) !== JSON.stringify(inputs.map(({ name }) => name)))
      throw new ArgumentError(
        `"encoders" expected one for each input, in their order, got those of [${names.join(", ")}]`,
      );
    for (const [at, encoder] of preprocessor.encoders.entries())
      if (encoder.kind === "number" && encoder.fill === null && inputs[at]!.column.optional)
        throw new ArgumentError(`"inputs" expected '${encoder.column}' not optional, for nothing fills it`);
  }
  const expected = classCount(estimator);
  if ((classes?.length ?? 0) !== expected)
    throw new ArgumentError(`"classes" expected ${expected} values, got ${classes?.length ?? 0}`);
}

function classCount(estimator: Estimator): number {
  switch (estimator.kind) {
    case "logistic":
    case "trees":
      return estimator.classes;
    case "text":
      return estimator.classifier.classes;
    default:
      return 0;
  }
}
