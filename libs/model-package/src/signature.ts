/**
 * What goes into a trained model and what comes out.
 * @module
 */
import type { TableSchema } from "@mintmark/columns/column-schema";
import type { ColumnEncoder } from "@mintmark/ml-core/base/preprocessing";
import { type ModelOutput, type OutputPlan, outputColumns } from "./output-columns.ts";
import { spellingsOf } from "./text-spellings.ts";
import { type ModelInput, requireConsistent, type TrainedModel } from "./trained-model.ts";

export interface Signature {
  readonly inputs: readonly ModelInput[];
  readonly outputs: readonly ModelOutput[];
  /** The columns of the inputs, in their order, and what holds for all of them. */
  readonly schema: TableSchema;
}

/**
 * The signature of a trained model; prediction first.
 * @throws ArgumentError if the parts of the model do not fit together.
 * @throws AppError OUTPUT_CONFIGURATION_INVALID if the output cannot be named so.
 */
export function signatureOf(model: TrainedModel): Signature {
  requireConsistent(model);
  const inputs = model.inputs.map((input, at) => withSpells(input, model.preprocessor.encoders[at], model));
  const { missing, delimiter, encoding, query } = model;
  // Every field of the schema: one that is left out here would not reach the model.
  const table: { [Field in keyof Required<TableSchema>]: TableSchema[Field] | undefined } = {
    columns: inputs.map(({ column }) => column),
    missing,
    delimiter,
    encoding,
    query,
  };
  const given = Object.entries(table).filter(([, value]) => value !== undefined);
  const schema = Object.fromEntries(given) as unknown as TableSchema;
  return { inputs, outputs: outputColumns({ ...planOf(model), inputs }), schema };
}

/** Of texts, what else is taken follows from the categories. */
function withSpells(input: ModelInput, encoder: ColumnEncoder | undefined, model: TrainedModel): ModelInput {
  const { spells: _, ...column } = input.column;
  if (encoder === undefined || encoder.kind === "number") return { ...input, column };
  const { spells } = spellingsOf(encoder, model);
  return { ...input, column: { ...column, ...(spells.length > 0 && { spells }) } };
}

/** What its estimator answers, whatever was planned. */
export function planOf({ task, inputs, estimator, classes, output }: TrainedModel): OutputPlan {
  if (estimator.kind === "isolation-forest") return { task: "anomaly", inputs, values: null, output };
  if (estimator.kind !== "k-means") return { task, inputs, values: classes, output };
  const clusters = Array.from({ length: estimator.centers.rows }, (_, k) => k);
  return { task: "clustering", inputs, values: clusters, output };
}
