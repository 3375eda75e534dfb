/**
 * Preprocessing in the graph: from the model's inputs to one matrix of features, float64 `[N, features]`.
 * @module
 */
import { missingOf, type TableSchema } from "@mintmark/columns/column-schema";
import { missingNumbers } from "@mintmark/columns/missing";
import { ArgumentError } from "@mintmark/ml-core/base/argument-error";
import type {
  ColumnEncoder,
  NumberEncoder,
  OneHotEncoder,
  OrdinalEncoder,
  Preprocessor,
} from "@mintmark/ml-core/base/preprocessing";
import { TensorProto_DataType as DataType } from "@mintmark/proto/onnx/onnx";
import { spellingsOf, type TextCategories } from "../text-spellings.ts";
import type { GraphBuilder, Value } from "./graph-builder.ts";
import { mlDomain } from "./operator-sets.ts";

type CategoryEncoder = OrdinalEncoder | OneHotEncoder;

/** Of a model whose inputs are all numbers, and one tensor `[N, inputs]`. */
export function encodeMatrix(
  graph: GraphBuilder,
  preprocessor: Preprocessor,
  matrix: Value,
  schema: TableSchema,
): Value {
  const encoders = preprocessor.encoders.map(requireNumber);
  const filled = encodeFills(graph, encoders, withoutMissing(graph, matrix, schema));
  return encodeScales(graph, encoders, whereFinite(graph, encoders, filled, filled));
}

/** Of a model whose inputs are columns, each a tensor `[N]`. */
export function encodeColumns(
  graph: GraphBuilder,
  { encoders }: Preprocessor,
  columns: readonly Value[],
  schema: TableSchema,
): Value {
  const numbers = encoders.filter((encoder) => encoder.kind === "number");
  const filled = new Map(
    numbers.map((encoder) => [
      encoder,
      encodeFills(
        graph,
        [encoder],
        withoutMissing(graph, asFeature(graph, columns[encoders.indexOf(encoder)]!), schema),
      ),
    ]),
  );
  const [first] = numbers;
  // All are looked at in one place, and one column carries what comes of it.
  if (first !== undefined)
    filled.set(first, whereFinite(graph, numbers, sideBySide(graph, [...filled.values()]), filled.get(first)!));
  return sideBySide(
    graph,
    encoders.map((encoder, j) =>
      encoder.kind === "number"
        ? encodeScales(graph, [encoder], filled.get(encoder)!)
        : encodeText(graph, encoder, columns[j]!, schema),
    ),
  );
}

function sideBySide(graph: GraphBuilder, matrices: readonly Value[]): Value {
  return matrices.length === 1 ? matrices[0]! : graph.node("Concat", matrices, { attributes: { axis: 1 } });
}

/** Features `[N, 1]`, or `[N, categories]`, of a column `[N]` of texts. */
function encodeText(graph: GraphBuilder, encoder: CategoryEncoder, column: Value, schema: TableSchema): Value {
  switch (encoder.kind) {
    case "ordinal": {
      // A table, so that `unknown` may be any number.
      const table = graph.doubles([...encoder.categories.keys(), encoder.unknown]);
      const index = encodeCategory(graph, encoder, column, schema);
      return asFeature(graph, graph.node("Gather", [table, index], { attributes: { axis: 0 } }));
    }
    case "one-hot": {
      const attributes = { cats_int64s: [...encoder.categories.keys()], zeros: 1 };
      const index = encodeCategory(graph, encoder, column, schema);
      const flags = graph.node("OneHotEncoder", [index], { attributes, domain: mlDomain });
      return graph.node("Cast", [flags], { attributes: { to: DataType.DOUBLE } });
    }
    default:
      return encoder satisfies never;
  }
}

/** The index of the category that each text means, one past the end for any other: int64 `[N]`. */
function encodeCategory(graph: GraphBuilder, encoder: TextCategories, column: Value, schema: TableSchema): Value {
  const { indices } = spellingsOf(encoder, schema);
  const attributes = {
    keys_strings: [...indices.keys()],
    values_int64s: [...indices.values()],
    default_int64: encoder.categories.length,
  };
  return graph.node("LabelEncoder", [column], { attributes, domain: mlDomain });
}

/** x, or fill where x is NaN. */
/** NaN where a number is one that means "no value", such as -200. */
function withoutMissing(graph: GraphBuilder, x: Value, schema: TableSchema): Value {
  return [...missingNumbers(missingOf(schema))].reduce((value, missing) => {
    const isMissing = graph.node("Equal", [value, graph.double(missing)]);
    return graph.node("Where", [isMissing, graph.double(Number.NaN), value]);
  }, x);
}

function encodeFills(graph: GraphBuilder, encoders: readonly NumberEncoder[], x: Value): Value {
  if (encoders.every(({ fill }) => fill === null)) return x;
  const fills = graph.doubles(encoders.map(({ fill }) => fill ?? Number.NaN));
  return graph.node("Where", [graph.node("IsNaN", [x]), fills, x]);
}

/**
 * `values`, if all of `numbers` `[N, encoders]` are finite. Otherwise the graph fails, for the whole batch: no class comes
 * of nothing in a runtime that knows no column's rules. 0 times a number is 0, and NaN if it is missing or infinite; of a
 * table of one element there is no second, and the runtime names the node that asked for it.
 */
function whereFinite(graph: GraphBuilder, encoders: readonly NumberEncoder[], numbers: Value, values: Value): Value {
  const zeros = graph.doubles(new Float64Array(encoders.length), [1, encoders.length]);
  const zero = graph.doubles([0]);
  const sum = graph.node("Gemm", [numbers, zeros, zero], { attributes: { transB: 1 } });
  const second = graph.node("Cast", [graph.node("IsNaN", [sum])], { attributes: { to: DataType.INT64 } });
  const checked = graph.node("Gather", [zero, second], { attributes: { axis: 0 }, name: refusal(encoders) });
  return graph.node("Add", [values, checked]);
}

function refusal(encoders: readonly NumberEncoder[]): string {
  const columns = encoders.filter(({ fill }) => fill === null).map(({ column }) => `'${column}'`);
  if (columns.length === 0) return "A number is infinite";
  return `A number is infinite, or one is missing that the model has no rule for: ${columns.join(", ")}`;
}

/** (x minus offset) divided by scale; steps that change nothing are left out. */
function encodeScales(graph: GraphBuilder, encoders: readonly NumberEncoder[], x: Value): Value {
  let value = x;
  if (encoders.some(({ offset }) => offset !== 0))
    value = graph.node("Sub", [value, graph.doubles(encoders.map(({ offset }) => offset))]);
  if (encoders.some(({ scale }) => scale !== 1))
    value = graph.node("Div", [value, graph.doubles(encoders.map(({ scale }) => scale))]);
  return value;
}

function asFeature(graph: GraphBuilder, column: Value): Value {
  return graph.node("Reshape", [column, graph.integers([-1, 1])]);
}

function requireNumber(encoder: ColumnEncoder): NumberEncoder {
  if (encoder.kind === "number") return encoder;
  throw new ArgumentError(
    `"encoders" expected numbers for numeric inputs, got ${encoder.kind} for '${encoder.column}'`,
  );
}
