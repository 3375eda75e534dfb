/**
 * A trained model as one ONNX graph, preprocessing included.
 *
 * Inputs are as `mlflow.pyfunc` feeds them: all numbers are one float64 tensor `[N, inputs]`; one text column is `[N, 1]`;
 * otherwise each column is a tensor `[N]` of its own name. Outputs are of rank 1: float64, int64, bool or string.
 * Numbers are float64 throughout, but for sums of class fractions, which trees add in float32, exactly.
 * Probabilities of trees, and anomaly scores, have the same bits in every runtime that follows IEEE 754; those of linear
 * scores and distances depend on a runtime's order of summation, in the last places.
 * @module
 */

import type {
  IsolationForestEstimator,
  KMeansEstimator,
  LogisticEstimator,
  TreeEstimator,
} from "@mintmark/ml-core/base/estimator";
import type { Matrix } from "@mintmark/ml-core/base/matrix";
import type { Classes } from "@mintmark/ml-core/base/target";
import { TensorProto_DataType as DataType } from "@mintmark/proto/onnx/onnx";
import {
  inputLayout,
  type OutputType,
  predictionName,
  probabilityNames,
  type Shown,
  shownValues,
} from "../output-columns.ts";
import { planOf, type Signature, signatureOf } from "../signature.ts";
import type { TrainedModel } from "../trained-model.ts";
import { columnsOf, encodeExp2, encodeLogistic, encodeSoftmax, negated } from "./encode-link.ts";
import { encodeColumns, encodeMatrix } from "./encode-preprocessor.ts";
import { encodeTfidf } from "./encode-text.ts";
import { encodeTreeSum } from "./encode-trees.ts";
import { GraphBuilder, type Value } from "./graph-builder.ts";

/**
 * The bytes of model.onnx; the same model gives the same bytes.
 * @throws ArgumentError if the parts of the model do not fit together.
 * @throws AppError OUTPUT_CONFIGURATION_INVALID if the output cannot be named as the model says.
 */
export function writeModel(model: TrainedModel): Uint8Array {
  const signature = signatureOf(model);
  const { inputs, outputs } = signature;
  const graph = new GraphBuilder([...inputs, ...outputs].map(({ name }) => name));
  encodeEstimator(graph, model, encodeInputs(graph, model, signature));
  for (const { name, type } of outputs) graph.output(name, elementTypes[type], ["N"]);
  return graph.finish();
}

const elementTypes: Readonly<Record<OutputType, DataType>> = {
  number: DataType.DOUBLE,
  integer: DataType.INT64,
  text: DataType.STRING,
  boolean: DataType.BOOL,
};

/** The matrix of features `[N, features]`. */
function encodeInputs(graph: GraphBuilder, model: TrainedModel, { inputs, schema }: Signature): Value {
  const { preprocessor, estimator, output } = model;
  const layout = inputLayout(inputs);
  if (layout === "matrix") {
    // Named by no column, and by no output.
    const name = output.name === "features" ? "inputs" : "features";
    return encodeMatrix(graph, preprocessor, graph.input(name, DataType.DOUBLE, ["N", inputs.length]), schema);
  }
  if (layout === "text") {
    const name = output.name === "text" ? "inputs" : "text";
    const flat = graph.node("Reshape", [graph.input(name, DataType.STRING, ["N", 1]), graph.integers([-1])]);
    if (estimator.kind === "text") return encodeTfidf(graph, estimator.vectorizer, flat, schema);
    return encodeColumns(graph, preprocessor, [flat], schema);
  }
  const columns = inputs.map(({ name, type }) =>
    graph.input(name, type === "number" ? DataType.DOUBLE : DataType.STRING, ["N"]),
  );
  return encodeColumns(graph, preprocessor, columns, schema);
}

/** Adds the nodes that make the outputs, each under its own name; returns the last. */
function encodeEstimator(graph: GraphBuilder, model: TrainedModel, features: Value): Value {
  const { estimator } = model;
  switch (estimator.kind) {
    case "linear": {
      const { coefficients, intercept } = estimator;
      const weights = { data: coefficients, rows: 1, cols: coefficients.length };
      return flatten(graph, encodeScores(graph, weights, [intercept], features), predictionName(model));
    }
    case "logistic":
      return encodeClasses(graph, model, encodeLogisticScores(graph, estimator, features));
    case "text":
      return encodeClasses(graph, model, encodeLogisticScores(graph, estimator.classifier, features));
    case "trees":
      return encodeTrees(graph, model, estimator, features);
    case "k-means":
      return encodeClusters(graph, model, estimator, features);
    case "isolation-forest":
      return encodeAnomalies(graph, estimator, features);
    default:
      return estimator satisfies never;
  }
}

function encodeTrees(graph: GraphBuilder, model: TrainedModel, estimator: TreeEstimator, features: Value): Value {
  const sums = encodeTreeSum(graph, estimator, features);
  switch (estimator.link) {
    case "identity":
      return flatten(graph, sums, predictionName(model));
    case "probability":
      return encodeClasses(graph, model, columnsOf(graph, sums, estimator.classes));
    case "logistic":
      return encodeClasses(graph, model, encodeLogistic(graph, graph.node("Reshape", [sums, graph.integers([-1])])));
    case "softmax":
      return encodeClasses(graph, model, softmaxColumns(graph, sums, estimator.classes));
    default:
      return estimator.link satisfies never;
  }
}

/** s = 2^(−E[path] / normalizer); the score is 2·(0.5 − s). */
function encodeAnomalies(graph: GraphBuilder, estimator: IsolationForestEstimator, features: Value): Value {
  const { trees, normalizer, threshold } = estimator;
  const path = encodeTreeSum(graph, { trees, outputs: 1, scale: 1 / trees.length, base: [0] }, features);
  const flat = graph.node("Reshape", [path, graph.integers([-1])]);
  const s = encodeExp2(graph, negated(graph, graph.node("Div", [flat, graph.double(normalizer)])));
  const centered = graph.node("Sub", [graph.double(0.5), s]);
  const score = graph.node("Mul", [graph.double(2), centered], { as: "anomaly_score" });
  return graph.node("Less", [score, graph.double(threshold)], { as: "is_anomaly" });
}

/** Distances center by center: their differences are small numbers, where |x|² − 2x·c + |c|² would cancel. */
function encodeClusters(graph: GraphBuilder, model: TrainedModel, { centers }: KMeansEstimator, x: Value): Value {
  const attributes = { keepdims: 1 };
  const squares = Array.from({ length: centers.rows }, (_, k) => {
    const center = graph.doubles(centers.data.subarray(k * centers.cols, (k + 1) * centers.cols));
    return graph.node("ReduceSumSquare", [graph.node("Sub", [x, center]), graph.integers([1])], { attributes });
  });
  const all = graph.node("Concat", squares, { attributes: { axis: 1 } });
  const nearest = graph.node("ArgMin", [all], { attributes: { axis: 1, keepdims: 0 } });
  const smallest = graph.node("ReduceMin", [all, graph.integers([1])], { attributes: { keepdims: 0 } });
  graph.node("Sqrt", [smallest], { as: "distance" });
  return encodeShown(graph, shownValues(planOf(model))!, nearest, predictionName(model));
}

/** The probability of each class, `[N]`, of a matrix of features. */
function encodeLogisticScores(graph: GraphBuilder, estimator: LogisticEstimator, features: Value): Value[] {
  const scores = encodeScores(graph, estimator.coefficients, estimator.intercepts, features);
  if (estimator.classes > 2) return softmaxColumns(graph, scores, estimator.classes);
  return encodeLogistic(graph, graph.node("Reshape", [scores, graph.integers([-1])]));
}

/** Scores `[N, weights.rows]`: x · weightsᵀ + intercepts. */
function encodeScores(graph: GraphBuilder, weights: Matrix, intercepts: ArrayLike<number>, x: Value): Value {
  const inputs = [x, graph.doubles(weights.data, [weights.rows, weights.cols]), graph.doubles(intercepts)];
  return graph.node("Gemm", inputs, { attributes: { transB: 1 } });
}

function softmaxColumns(graph: GraphBuilder, scores: Value, classes: number): Value[] {
  return columnsOf(graph, encodeSoftmax(graph, scores, classes), classes);
}

/** The class of the largest probability, the first of equals, and the probabilities. */
function encodeClasses(graph: GraphBuilder, model: TrainedModel, probabilities: readonly Value[]): Value {
  const names = probabilityNames(model.classes!);
  const columns = probabilities.map((value, k) => {
    const named = graph.node("Identity", [value], { as: names[k]! });
    return graph.node("Reshape", [named, graph.integers([-1, 1])]);
  });
  const all = graph.node("Concat", columns, { attributes: { axis: 1 } });
  const best = graph.node("ArgMax", [all], { attributes: { axis: 1, keepdims: 0 } });
  return encodeShown(graph, shownValues(planOf(model))!, best, predictionName(model));
}

/** The value at each index. */
function encodeShown(graph: GraphBuilder, values: Shown, index: Value, as: Value): Value {
  return graph.node("Gather", [encodeValues(graph, values), index], { attributes: { axis: 0 }, as });
}

function encodeValues(graph: GraphBuilder, values: Classes): Value {
  if (isTexts(values)) return graph.texts(values);
  if (isBooleans(values)) return graph.booleans(values);
  return graph.integers(values);
}

function flatten(graph: GraphBuilder, column: Value, as: Value): Value {
  return graph.node("Reshape", [column, graph.integers([-1])], { as });
}

const isTexts = (values: Classes): values is readonly string[] => typeof values[0] === "string";
const isBooleans = (values: Classes): values is readonly boolean[] => typeof values[0] === "boolean";
