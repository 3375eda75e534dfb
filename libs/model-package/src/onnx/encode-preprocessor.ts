/**
 * Preprocessing in the graph: from the model's inputs to one matrix of features, float64 `[N, features]`.
 * @module
 */
import type { TableSchema } from "@mintmark/columns/column-schema";
import { ArgumentError } from "@mintmark/ml-core/base/argument-error";
import type { ColumnEncoder, NumberEncoder, Preprocessor } from "@mintmark/ml-core/base/preprocessing";
import { TensorProto_DataType as DataType } from "@mintmark/proto/onnx/onnx";
import { spellingsOf, type TextCategories } from "../text-spellings.ts";
import type { GraphBuilder, Value } from "./graph-builder.ts";
import { mlDomain } from "./operator-sets.ts";

/** Of a model whose inputs are all numbers, and one tensor `[N, inputs]`. */
export function encodeMatrix(graph: GraphBuilder, preprocessor: Preprocessor, matrix: Value): Value {
  return encodeNumbers(graph, preprocessor.encoders.map(requireNumber), matrix);
}

/** Of a model whose inputs are columns, each a tensor `[N]`. */
export function encodeColumns(
  graph: GraphBuilder,
  { encoders }: Preprocessor,
  columns: readonly Value[],
  schema: TableSchema,
): Value {
  const features = encoders.map((encoder, j) => encodeColumn(graph, encoder, columns[j]!, schema));
  return features.length === 1 ? features[0]! : graph.node("Concat", features, { attributes: { axis: 1 } });
}

/** Features `[N, 1]`, or `[N, categories]`, of a column `[N]`. */
function encodeColumn(graph: GraphBuilder, encoder: ColumnEncoder, column: Value, schema: TableSchema): Value {
  switch (encoder.kind) {
    case "number":
      return encodeNumbers(graph, [encoder], asFeature(graph, column));
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

/** (x, or fill where x is NaN, minus offset) divided by scale; steps that change nothing are left out. */
function encodeNumbers(graph: GraphBuilder, encoders: readonly NumberEncoder[], x: Value): Value {
  let value = x;
  if (encoders.some(({ fill }) => fill !== null)) {
    const fills = graph.doubles(encoders.map(({ fill }) => fill ?? Number.NaN));
    value = graph.node("Where", [graph.node("IsNaN", [value]), fills, value]);
  }
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
