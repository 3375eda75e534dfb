/**
 * From scores to class probabilities in the graph: the operations of `@mintmark/ml-core/base/{exp,link}`, in their order,
 * so that every runtime that follows IEEE 754 gives the bits of the TypeScript.
 * @module
 */
import { EXP_MIN, EXP_POLYNOMIAL, EXP2_MIN, LN2_HIGH, LN2_LOW } from "@mintmark/ml-core/base/exp";
import { TensorProto_DataType as DataType } from "@mintmark/proto/onnx/onnx";
import type { GraphBuilder, Value } from "./graph-builder.ts";

/** `[P(class 0), P(class 1)]`, each `[N]`, of scores float64 `[N]`. */
export function encodeLogistic(graph: GraphBuilder, score: Value): Value[] {
  const one = graph.double(1);
  const e = encodeExp(graph, negated(graph, graph.node("Abs", [score])));
  const total = graph.node("Add", [one, e]);
  const likely = graph.node("Div", [one, total]);
  const unlikely = graph.node("Div", [e, total]);
  const positive = graph.node("GreaterOrEqual", [score, graph.double(0)]);
  return [graph.node("Where", [positive, unlikely, likely]), graph.node("Where", [positive, likely, unlikely])];
}

/** Probabilities `[N, classes]` of scores float64 `[N, classes]`. */
export function encodeSoftmax(graph: GraphBuilder, scores: Value, classes: number): Value {
  const attributes = { keepdims: 1 };
  const largest = graph.node("ReduceMax", [scores, graph.integers([1])], { attributes });
  const e = encodeExp(graph, graph.node("Sub", [scores, largest]));
  // A chain of Add, because the order inside a ReduceSum is the runtime's own.
  const [first, ...rest] = columnsOf(graph, e, classes);
  const total = rest.reduce((sum, column) => graph.node("Add", [sum, column]), first!);
  return graph.node("Div", [e, graph.node("Reshape", [total, graph.integers([-1, 1])])]);
}

/** The columns `[N]` of a matrix `[N, columns]`. */
export function columnsOf(graph: GraphBuilder, matrix: Value, columns: number): Value[] {
  return Array.from({ length: columns }, (_, j) =>
    graph.node("Gather", [matrix, graph.integer(j)], { attributes: { axis: 1 } }),
  );
}

/** `exp` of x ≤ 0 or NaN, of any shape. */
function encodeExp(graph: GraphBuilder, x: Value): Value {
  const clamped = clampedBelow(graph, x, EXP_MIN);
  const k = rounded(graph, graph.node("Mul", [clamped, graph.double(Math.LOG2E)]));
  const high = graph.node("Sub", [clamped, graph.node("Mul", [k, graph.double(LN2_HIGH)])]);
  const r = graph.node("Sub", [high, graph.node("Mul", [k, graph.double(LN2_LOW)])]);
  return keepingNaN(graph, x, graph.node("Mul", [polynomial(graph, r), powerOfTwo(graph, k)]));
}

/** `exp2` of x ≤ 0 or NaN, of any shape. */
export function encodeExp2(graph: GraphBuilder, x: Value): Value {
  const clamped = clampedBelow(graph, x, EXP2_MIN);
  const k = rounded(graph, clamped);
  const r = graph.node("Mul", [graph.node("Sub", [clamped, k]), graph.double(Math.LN2)]);
  return keepingNaN(graph, x, graph.node("Mul", [polynomial(graph, r), powerOfTwo(graph, k)]));
}

export function negated(graph: GraphBuilder, x: Value): Value {
  return graph.node("Mul", [x, graph.double(-1)]);
}

/** NaN becomes `lowest` too: it must not reach the table of powers. */
function clampedBelow(graph: GraphBuilder, x: Value, lowest: number): Value {
  const bound = graph.double(lowest);
  return graph.node("Where", [graph.node("GreaterOrEqual", [x, bound]), x, bound]);
}

function rounded(graph: GraphBuilder, x: Value): Value {
  return graph.node("Floor", [graph.node("Add", [x, graph.double(0.5)])]);
}

function polynomial(graph: GraphBuilder, r: Value): Value {
  const [highest, ...rest] = EXP_POLYNOMIAL;
  let sum = graph.double(highest!);
  for (const coefficient of rest) sum = graph.node("Add", [graph.node("Mul", [sum, r]), graph.double(coefficient)]);
  return sum;
}

/** 2^k for k from −1022 to 0, from a table: exact, where a Pow need not be. */
function powerOfTwo(graph: GraphBuilder, k: Value): Value {
  const index = graph.node("Cast", [negated(graph, k)], { attributes: { to: DataType.INT64 } });
  const powers = graph.doubles(Array.from({ length: 1023 }, (_, n) => 2 ** -n));
  return graph.node("Gather", [powers, index], { attributes: { axis: 0 } });
}

function keepingNaN(graph: GraphBuilder, x: Value, result: Value): Value {
  return graph.node("Where", [graph.node("IsNaN", [x]), x, result]);
}
