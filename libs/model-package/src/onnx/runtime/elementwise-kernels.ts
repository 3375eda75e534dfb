/**
 * Operators that work element by element.
 * @module
 */
import { TensorProto_DataType as DataType } from "@mintmark/proto/onnx/onnx";
import { broadcastDims, broadcastIndex } from "./broadcast.ts";
import type { Kernel, OnnxNode } from "./node.ts";
import { allocate, type BooleanTensor, elements, type NumericTensor, type Tensor } from "./tensor.ts";

/** For instance Add. A float result is rounded from the double one, which gives the same bits as float arithmetic. */
export function arithmetic(operation: (a: number, b: number) => number): (node: OnnxNode) => Kernel {
  return (node) => (inputs) => {
    const [a, b] = pair(node, inputs);
    const dims = broadcastDims(a.dims, b.dims);
    const out = allocate(a.type, dims);
    zip(a, b, out, operation);
    return out;
  };
}

/** For instance Less. */
export function comparison(operation: (a: number, b: number) => boolean): (node: OnnxNode) => Kernel {
  return (node) => (inputs) => {
    const [a, b] = pair(node, inputs);
    const dims = broadcastDims(a.dims, b.dims);
    const out: BooleanTensor = { type: "bool", dims, data: new Uint8Array(elements(dims)) };
    zip(a, b, out, (left, right) => (operation(left, right) ? 1 : 0));
    return out;
  };
}

/** For instance Floor. */
export function unary(operation: (x: number) => number): (node: OnnxNode) => Kernel {
  return (node) =>
    ([input]) => {
      const x = node.numeric(input);
      const out = allocate(x.type, x.dims);
      for (let i = 0; i < out.data.length; i++) out.data[i] = operation(x.data[i]!);
      return out;
    };
}

export function isNaNKernel(node: OnnxNode): Kernel {
  return ([input]) => {
    const x = node.numeric(input);
    return { type: "bool", dims: x.dims, data: Uint8Array.from(x.data, (value) => (Number.isNaN(value) ? 1 : 0)) };
  };
}

export function where(node: OnnxNode): Kernel {
  return ([condition, ...branches]) => {
    const choice = node.boolean(condition);
    const [a, b] = pair(node, branches);
    const dims = broadcastDims(choice.dims, broadcastDims(a.dims, b.dims));
    const out = allocate(a.type, dims);
    const count = out.data.length;
    const choiceAt = broadcastIndex(choice.dims, dims, count);
    const aAt = broadcastIndex(a.dims, dims, count);
    const bAt = broadcastIndex(b.dims, dims, count);
    for (let i = 0; i < count; i++)
      out.data[i] = choice.data[choiceAt?.[i] ?? i] ? a.data[aAt?.[i] ?? i]! : b.data[bAt?.[i] ?? i]!;
    return out;
  };
}

export function cast(node: OnnxNode): Kernel {
  const to = node.integer("to");
  return ([input]) => {
    if (input === undefined || input.type === "string") throw node.wrongType("numbers", input);
    const { dims, data } = input;
    switch (to) {
      case DataType.DOUBLE:
        return { type: "double", dims, data: Float64Array.from(data) };
      case DataType.FLOAT:
        return { type: "float", dims, data: Float32Array.from(data) };
      case DataType.INT64:
        return { type: "int64", dims, data: Float64Array.from(data, Math.trunc) };
      default:
        throw node.unsupported(`the type ${to}`);
    }
  };
}

export function identity(node: OnnxNode): Kernel {
  return ([input]) => {
    if (input === undefined) throw node.wrongType("a value", input);
    return input;
  };
}

function pair(node: OnnxNode, inputs: readonly (Tensor | undefined)[]): [NumericTensor, NumericTensor] {
  const a = node.numeric(inputs[0]);
  const b = node.numeric(inputs[1]);
  if (a.type !== b.type) throw node.invalid(`expected two values of one type, got ${a.type} and ${b.type}`);
  return [a, b];
}

/** `out = operation(a, b)`, both stretched to the shape of `out`. */
function zip(
  a: NumericTensor,
  b: NumericTensor,
  out: NumericTensor | BooleanTensor,
  operation: (a: number, b: number) => number,
): void {
  const count = out.data.length;
  if (b.data.length === 1 && a.data.length === count) {
    const right = b.data[0]!;
    for (let i = 0; i < count; i++) out.data[i] = operation(a.data[i]!, right);
    return;
  }
  const aAt = broadcastIndex(a.dims, out.dims, count);
  const bAt = broadcastIndex(b.dims, out.dims, count);
  for (let i = 0; i < count; i++) out.data[i] = operation(a.data[aAt?.[i] ?? i]!, b.data[bAt?.[i] ?? i]!);
}
