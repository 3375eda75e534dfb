/**
 * Operators that work element by element.
 * @module
 */
import { TensorProto_DataType as DataType } from "@mintmark/proto/onnx/onnx";
import { broadcastDims, extentOf, stepsOf } from "./broadcast.ts";
import type { Kernel, OnnxNode } from "./node.ts";
import { allocate, type BooleanTensor, elements, type NumericTensor, type Tensor } from "./tensor.ts";

/** For instance Sub. A float result is rounded from the double one, which gives the same bits as float arithmetic. */
export function arithmetic(operation: (a: number, b: number) => number): (node: OnnxNode) => Kernel {
  const apply = zip(operation);
  return (node) => (inputs) => {
    const [a, b] = pair(node, inputs);
    const out = allocate(a.type, broadcastDims(a.dims, b.dims));
    apply(a, b, out);
    return out;
  };
}

/** Add has a loop of its own: every number of every model passes through it, and a call a number took 11% of a batch. */
export function addition(node: OnnxNode): Kernel {
  return (inputs) => {
    const [a, b] = pair(node, inputs);
    const out = allocate(a.type, broadcastDims(a.dims, b.dims));
    const { rows, cols } = extentOf(out.dims);
    const ofA = stepsOf(a.dims, { rows, cols });
    const ofB = stepsOf(b.dims, { rows, cols });
    for (let row = 0, at = 0; row < rows; row++)
      for (let col = 0; col < cols; col++, at++)
        out.data[at] = a.data[row * ofA.row + col * ofA.col]! + b.data[row * ofB.row + col * ofB.col]!;
    return out;
  };
}

/** For instance Less. */
export function comparison(operation: (a: number, b: number) => boolean): (node: OnnxNode) => Kernel {
  const apply = zip((a, b) => (operation(a, b) ? 1 : 0));
  return (node) => (inputs) => {
    const [a, b] = pair(node, inputs);
    const dims = broadcastDims(a.dims, b.dims);
    const out: BooleanTensor = { type: "bool", dims, data: new Uint8Array(elements(dims)) };
    apply(a, b, out);
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
    const data = new Uint8Array(x.data.length);
    for (let i = 0; i < data.length; i++) data[i] = Number.isNaN(x.data[i]!) ? 1 : 0;
    return { type: "bool", dims: x.dims, data };
  };
}

export function where(node: OnnxNode): Kernel {
  return ([condition, ...branches]) => {
    const choice = node.boolean(condition);
    const [yes, no] = branches;
    if (yes?.type === "string" && no?.type === "string") {
      const dims = broadcastDims(choice.dims, broadcastDims(yes.dims, no.dims));
      const data = new Array<string>(elements(dims));
      choose(choice, yes, no, { dims, data });
      return { type: "string", dims, data };
    }
    const [a, b] = pair(node, branches);
    const out = allocate(a.type, broadcastDims(choice.dims, broadcastDims(a.dims, b.dims)));
    choose(choice, a, b, out);
    return out;
  };
}

interface Values<T> {
  readonly dims: readonly number[];
  readonly data: { readonly [at: number]: T };
}

function choose<T>(choice: BooleanTensor, a: Values<T>, b: Values<T>, out: Values<T> & { data: { [at: number]: T } }) {
  const extent = extentOf(out.dims);
  const ofChoice = stepsOf(choice.dims, extent);
  const ofA = stepsOf(a.dims, extent);
  const ofB = stepsOf(b.dims, extent);
  for (let row = 0, at = 0; row < extent.rows; row++)
    for (let col = 0; col < extent.cols; col++, at++)
      out.data[at] = choice.data[row * ofChoice.row + col * ofChoice.col]
        ? a.data[row * ofA.row + col * ofA.col]!
        : b.data[row * ofB.row + col * ofB.col]!;
}

export function cast(node: OnnxNode): Kernel {
  const to = node.integer("to");
  return ([input]) => {
    if (input === undefined || input.type === "string" || input.type === "sparse")
      throw node.wrongType("numbers", input);
    const { dims, data } = input;
    switch (to) {
      case DataType.DOUBLE:
        return { type: "double", dims, data: new Float64Array(data) };
      case DataType.FLOAT:
        return { type: "float", dims, data: new Float32Array(data) };
      case DataType.INT64: {
        const integers = new Float64Array(data);
        if (input.type !== "bool") for (let i = 0; i < integers.length; i++) integers[i] = Math.trunc(integers[i]!);
        return { type: "int64", dims, data: integers };
      }
      case DataType.BOOL:
        return { type: "bool", dims, data: Uint8Array.from(data, (value) => (value === 0 ? 0 : 1)) };
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

type Zip = (a: NumericTensor, b: NumericTensor, out: NumericTensor | BooleanTensor) => void;

/** `out = operation(a, b)`, both stretched to the shape of `out`. */
function zip(operation: (a: number, b: number) => number): Zip {
  return (a, b, out) => {
    const extent = extentOf(out.dims);
    const ofA = stepsOf(a.dims, extent);
    const ofB = stepsOf(b.dims, extent);
    for (let row = 0, at = 0; row < extent.rows; row++) {
      let aAt = row * ofA.row;
      let bAt = row * ofB.row;
      for (let col = 0; col < extent.cols; col++, at++, aAt += ofA.col, bAt += ofB.col)
        out.data[at] = operation(a.data[aAt]!, b.data[bAt]!);
    }
  };
}
