/**
 * A model as a function from columns to columns, from the files of its directory.
 * @module
 */
import type { ColumnSchema } from "@mintmark/columns/column-schema";
import { AppError } from "@mintmark/errors";
import type { Column, NumberColumn, TextColumn } from "@mintmark/ml-core/base/preprocessing";
import { TensorProto_DataType as DataType } from "@mintmark/proto/onnx/onnx";
import { readMlmodel } from "./mlmodel.ts";
import { type Graph, type GraphValue, loadGraph } from "./onnx/runtime/load-graph.ts";
import { RunBudget } from "./onnx/runtime/run-budget.ts";
import { invalidModel, type Tensor } from "./onnx/runtime/tensor.ts";
import type { ModelOutput, OutputType } from "./output-columns.ts";
import type { Signature } from "./signature.ts";
import type { ModelInput } from "./trained-model.ts";

/** A column of answers. */
export type OutputColumn =
  | { readonly type: "number" | "integer"; readonly name: string; readonly values: Float64Array }
  | { readonly type: "text"; readonly name: string; readonly values: readonly string[] }
  | { readonly type: "boolean"; readonly name: string; readonly values: readonly boolean[] };

export interface Predictor extends Signature {
  /**
   * One answer a row; a row's answer does not depend on the rows beside it. Pure.
   * @param columns by name, in any order; others than the inputs are ignored
   * @throws AppError MODEL_INPUTS_MISSING, INPUT_LENGTHS_DIFFER, INPUT_VALUE_INVALID if a column is of the other type or
   * a number infinite, or INPUT_VALUE_MISSING if one is NaN that the schema does not call optional
   */
  readonly predict: (columns: readonly Column[]) => OutputColumn[];
  /** How many elements the graph reads, writes or multiplies for one row; of a text, for one without words. */
  readonly rowWork: number;
}

/**
 * Loads `model.onnx` with the `MLmodel` beside it, and tries it once: a model that cannot answer fails here.
 * @throws AppError MODEL_FILE_INVALID or OPERATOR_UNSUPPORTED, saying what is wrong
 */
export function loadPredictor(onnx: Uint8Array, mlmodel: Uint8Array): Predictor {
  const { inputs, schema } = readMlmodel(mlmodel);
  const graph = loadGraph(onnx);
  const feed = feeder(inputs, graph);
  const outputs = graph.outputs.map(outputOf);
  const predict = (columns: readonly Column[]): OutputColumn[] => {
    const given = arrange(inputs, columns);
    const rows = given[0]!.values.length;
    const batches = [];
    for (let from = 0; from < rows || from === 0; from += batchRows) {
      const batch = Math.min(batchRows, rows - from);
      batches.push(answers(graph, outputs, feed(given, from, batch), batch));
    }
    return batches.length === 1 ? batches[0]! : joined(batches);
  };
  for (const rows of [1, 2]) predict(inputs.map((input) => blank(input, rows)));
  const budget = new RunBudget();
  const row = inputs.map((input) => blank(input, 1));
  graph.run(feed(arrange(inputs, row), 0, 1), budget);
  return { inputs, outputs, schema, predict, rowWork: budget.work };
}

/** Rows at a time: enough to spread the cost of a step, few enough that tables of many columns stay small. */
const batchRows = 64;

/** From the columns in order, the tensors of rows `from` to before `from + rows`. */
type Feed = (columns: readonly Column[], from: number, rows: number) => Tensor[];

/** How mlflow.pyfunc feeds an ONNX model: one input is the whole table, several are columns by name. */
function feeder(inputs: readonly ModelInput[], { inputs: values }: Graph): Feed {
  const [only] = values;
  if (values.length === 1 && only!.dims.length === 2)
    return inputs[0]!.type === "number" ? matrixFeed(inputs, only!) : textFeed(inputs, only!);
  const order = values.map((value) => {
    const at = inputs.findIndex(({ name }) => name === value.name);
    if (at < 0) throw invalidModel(`the graph takes '${value.name}', which the signature does not name`);
    requireType(value, inputs[at]!.type, 1);
    return at;
  });
  return (columns, from, rows) =>
    order.map((at) => {
      const column = columns[at]!;
      return column.type === "number"
        ? { type: "double", dims: [rows], data: column.values.subarray(from, from + rows) }
        : { type: "string", dims: [rows], data: column.values.slice(from, from + rows) };
    });
}

function matrixFeed(inputs: readonly ModelInput[], value: GraphValue): Feed {
  requireType(value, "number", 2);
  const cols = inputs.length;
  if (value.dims[1] !== cols || inputs.some(({ type }) => type !== "number"))
    throw invalidModel(`the graph takes ${value.dims[1]} numbers, the signature has ${cols} inputs`);
  return (columns, from, rows) => {
    const data = new Float64Array(rows * cols);
    for (let j = 0; j < cols; j++) {
      const { values } = columns[j] as NumberColumn;
      for (let row = 0; row < rows; row++) data[row * cols + j] = values[from + row]!;
    }
    return [{ type: "double", dims: [rows, cols], data }];
  };
}

function textFeed(inputs: readonly ModelInput[], value: GraphValue): Feed {
  requireType(value, "text", 2);
  if (inputs.length !== 1) throw invalidModel(`the graph takes one text, the signature has ${inputs.length} inputs`);
  return ([column], from, rows) => [
    { type: "string", dims: [rows, 1], data: (column as TextColumn).values.slice(from, from + rows) },
  ];
}

function requireType({ name, elementType, dims }: GraphValue, type: ModelInput["type"], rank: number): void {
  const expected = type === "number" ? DataType.DOUBLE : DataType.STRING;
  if (elementType !== expected || dims.length !== rank)
    throw invalidModel(`the graph's input '${name}' does not fit the signature, where it is ${type}`);
}

function outputOf({ name, elementType, dims }: GraphValue): ModelOutput {
  const type = outputTypes.get(elementType);
  if (type === undefined || dims.length !== 1) throw invalidModel(`the output '${name}' is not a column of ours`);
  return { name, type };
}

const outputTypes: ReadonlyMap<number, OutputType> = new Map<number, OutputType>([
  [DataType.DOUBLE, "number"],
  [DataType.INT64, "integer"],
  [DataType.STRING, "text"],
  [DataType.BOOL, "boolean"],
]);

/** The inputs' columns in their order, checked. */
function arrange(inputs: readonly ModelInput[], columns: readonly Column[]): Column[] {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const names = inputs.map(({ name }) => name).filter((name) => !byName.has(name));
  if (names.length > 0) throw new AppError("MODEL_INPUTS_MISSING", { names });
  const found = inputs.map(({ name }) => byName.get(name)!);
  const expected = found[0]!.values.length;
  for (const [i, { name, type, values }] of found.entries()) {
    if (values.length !== expected)
      throw new AppError("INPUT_LENGTHS_DIFFER", { column: name, rows: values.length, expected });
    if (type !== inputs[i]!.type)
      throw new AppError("INPUT_VALUE_INVALID", {
        column: name,
        row: 0,
        expected: `a ${inputs[i]!.type}`,
        value: `a ${type}`,
      });
  }
  for (const [i, column] of found.entries()) if (column.type === "number") requireNumbers(column, inputs[i]!.column);
  return found;
}

/** The graph refuses them too, but cannot say which: what it would say is for Python. */
function requireNumbers({ name, values }: NumberColumn, { optional }: ColumnSchema): void {
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    if (Number.isFinite(value) || (optional && Number.isNaN(value))) continue;
    if (Number.isNaN(value)) throw new AppError("INPUT_VALUE_MISSING", { column: name, row });
    throw new AppError("INPUT_VALUE_INVALID", { column: name, row, expected: "a finite number", value: String(value) });
  }
}

function answers(
  graph: Graph,
  outputs: readonly ModelOutput[],
  tensors: readonly Tensor[],
  rows: number,
): OutputColumn[] {
  const results = graph.run(tensors);
  return outputs.map(({ name, type }, i) => {
    const result = results[i]!;
    if (result.dims.length !== 1 || result.dims[0] !== rows)
      throw invalidModel(`the output '${name}' has the shape [${result.dims}] for ${rows} rows`);
    if (type === "number" && result.type === "double") return { name, type, values: result.data };
    if (type === "integer" && result.type === "int64") return { name, type, values: result.data };
    if (type === "text" && result.type === "string") return { name, type, values: result.data };
    if (type === "boolean" && result.type === "bool")
      return { name, type, values: Array.from(result.data, (bit) => bit === 1) };
    throw invalidModel(`the output '${name}' is declared as ${type} and computed as ${result.type}`);
  });
}

function joined(batches: readonly OutputColumn[][]): OutputColumn[] {
  return batches[0]!.map((first, i) => {
    const parts = batches.map((batch) => batch[i]!.values);
    const { name, type } = first;
    switch (type) {
      case "number":
      case "integer":
        return { name, type, values: Float64Array.from((parts as Float64Array[]).flatMap((part) => Array.from(part))) };
      case "text":
        return { name, type, values: (parts as (readonly string[])[]).flat() };
      case "boolean":
        return { name, type, values: (parts as (readonly boolean[])[]).flat() };
      default:
        return first satisfies never;
    }
  });
}

function blank({ name, type }: ModelInput, rows: number): Column {
  return type === "number"
    ? { name, type, values: new Float64Array(rows) }
    : { name, type, values: new Array<string>(rows).fill("") };
}
