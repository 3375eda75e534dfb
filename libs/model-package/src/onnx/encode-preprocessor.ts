/**
 * Preprocessing in the graph: from the model's inputs to one matrix of features, float64 `[N, features]`.
 * @module
 */
import { ArgumentError } from "@mintmark/ml-core/base/argument-error";
import type {
  ColumnEncoder,
  NumberEncoder,
  OneHotEncoder,
  OrdinalEncoder,
  Preprocessor,
} from "@mintmark/ml-core/base/preprocessing";
import { TensorProto_DataType as DataType } from "@mintmark/proto/onnx/onnx";
import type { GraphBuilder, Value } from "./graph-builder.ts";
import { mlDomain } from "./operator-sets.ts";

/** Of a model whose inputs are all numbers, and one tensor `[N, inputs]`. */
export function encodeMatrix(graph: GraphBuilder, preprocessor: Preprocessor, matrix: Value): Value {
  return encodeNumbers(graph, preprocessor.encoders.map(requireNumber), matrix);
}

/** Of a model whose inputs are columns, each a tensor `[N]`. */
export function encodeColumns(graph: GraphBuilder, preprocessor: Preprocessor, columns: readonly Value[]): Value {
  const features = preprocessor.encoders.map((encoder, j) => encodeColumn(graph, encoder, columns[j]!));
  return features.length === 1 ? features[0]! : graph.node("Concat", features, { attributes: { axis: 1 } });
}

/** Features `[N, 1]`, or `[N, categories]`, of a column `[N]`. */
function encodeColumn(graph: GraphBuilder, encoder: ColumnEncoder, column: Value): Value {
  switch (encoder.kind) {
    case "number":
      return encodeNumbers(graph, [encoder], asFeature(graph, column));
    case "ordinal": {
      // A table, so that `unknown` may be any number.
      const table = graph.doubles([...encoder.categories.keys(), encoder.unknown]);
      const index = encodeIndex(graph, encoder, column);
      return asFeature(graph, graph.node("Gather", [table, index], { attributes: { axis: 0 } }));
    }
    case "one-hot": {
      const { fill, categories } = encoder;
      const attributes = fill === null ? { cats_strings: categories } : { cats_int64s: Array.from(categories.keys()) };
      const flags = graph.node("OneHotEncoder", [fill === null ? column : encodeIndex(graph, encoder, column)], {
        attributes: { ...attributes, zeros: 1 },
        domain: mlDomain,
      });
      return graph.node("Cast", [flags], { attributes: { to: DataType.DOUBLE } });
    }
    default:
      return encoder satisfies never;
  }
}

/** The index `[N]` of the category, that of the fill where text is missing; one past the end for any other. */
function encodeIndex(graph: GraphBuilder, { fill, categories }: OrdinalEncoder | OneHotEncoder, column: Value): Value {
  const filled = fill === null ? -1 : categories.indexOf(fill);
  const keys_strings = filled < 0 ? categories : [...categories, ""];
  const values_int64s = keys_strings.map((_, at) => (at < categories.length ? at : filled));
  const attributes = { keys_strings, values_int64s, default_int64: categories.length };
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
