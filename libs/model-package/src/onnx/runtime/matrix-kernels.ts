/**
 * Operators on shapes, rows and columns.
 * @module
 */
import type { Kernel, OnnxNode } from "./node.ts";
import { allocate, elements, invalidModel, type NumericTensor, type Tensor } from "./tensor.ts";

/** x · weightsᵀ + intercepts, with constant, finite weights; x may be sparse. */
export function gemm(node: OnnxNode): Kernel {
  node.requireInteger("transB", 1, 0);
  const weights = node.numeric(node.constants[1]);
  const intercepts = node.numeric(node.constants[2]);
  const [outputs = 0, features = 0] = weights.dims;
  if (weights.dims.length !== 2 || intercepts.data.length !== outputs)
    throw node.invalid(`expected weights [C, P] and C intercepts, got [${weights.dims}] and [${intercepts.dims}]`);
  if (!weights.data.every(Number.isFinite)) throw node.invalid("has weights that are not finite");
  const byFeature = transposed(weights.data, outputs, features);
  return ([input], budget) => {
    const x = input?.type === "sparse" ? input : matrixOf(node, input, features);
    if (x.dims[1] !== features) throw node.invalid(`expected a matrix of ${features} columns, got [${x.dims}]`);
    const rows = x.dims[0]!;
    const data = new Float64Array(elements([rows, outputs]));
    budget.spend(x.data.length * outputs);
    for (let row = 0; row < rows; row++) {
      const to = row * outputs;
      data.set(intercepts.data, to);
      // Both add in the order of the features. Of a dense row all weights are used, and an output's lie side by side.
      if (x.type === "sparse")
        for (let at = x.starts[row]!; at < x.starts[row + 1]!; at++)
          for (let k = 0; k < outputs; k++) data[to + k]! += x.data[at]! * byFeature[x.columns[at]! * outputs + k]!;
      else
        for (let k = 0; k < outputs; k++) {
          let sum = data[to + k]!;
          for (let j = 0; j < features; j++) sum += x.data[row * features + j]! * weights.data[k * features + j]!;
          data[to + k] = sum;
        }
    }
    return { type: "double", dims: [rows, outputs], data };
  };
}

/** ArgMax and ArgMin over columns: the first of equals; NaN never beats what came before it. */
export function argBest(isBetter: (value: number, best: number) => boolean): (node: OnnxNode) => Kernel {
  return (node) => {
    node.requireInteger("axis", 1, 0);
    node.requireInteger("keepdims", 0, 1);
    return ([input]) => {
      const x = matrixOf(node, input);
      const [rows = 0, cols = 0] = x.dims;
      const data = new Float64Array(rows);
      for (let row = 0; row < rows; row++) {
        let best = 0;
        for (let j = 1; j < cols; j++) if (isBetter(x.data[row * cols + j]!, x.data[row * cols + best]!)) best = j;
        data[row] = best;
      }
      return { type: "int64", dims: [rows], data };
    };
  };
}

/** Reductions over columns, such as ReduceMax: `step(start, x₀)`, then `step(…, x₁)` and so on. */
export function reduce(start: number, step: (sum: number, value: number) => number): (node: OnnxNode) => Kernel {
  return (node) => {
    const keeps = node.integer("keepdims", 1) === 1;
    const axes = node.constantIntegers(1);
    if (axes.length !== 1 || axes[0] !== 1) throw node.unsupported(`axes [${axes}]`);
    return ([input]) => {
      const x = matrixOf(node, input);
      const [rows = 0, cols = 0] = x.dims;
      const out = allocate(x.type, keeps ? [rows, 1] : [rows]);
      for (let row = 0; row < rows; row++) {
        let sum = start;
        for (let j = 0; j < cols; j++) sum = step(sum, x.data[row * cols + j]!);
        out.data[row] = sum;
      }
      return out;
    };
  };
}

/** Along the first axis by any indices, or along the second by one. */
export function gather(node: OnnxNode): Kernel {
  const axis = node.integer("axis", 0);
  if (axis !== 0 && axis !== 1) throw node.unsupported(`axis ${axis}`);
  return ([source, indices]) => {
    const at = node.wholeNumbers(indices);
    if (source === undefined) throw node.wrongType("a value", source);
    if (axis === 0 && source.dims.length === 1) return pick(node, source, at.data, at.dims);
    const [rows = 0, cols = 0] = source.dims;
    if (axis !== 1 || source.dims.length !== 2 || at.dims.length !== 0)
      throw node.unsupported(`axis ${axis} of [${source.dims}] by [${at.dims}]`);
    const column = at.data[0]!;
    if (column < 0 || column >= cols) throw node.invalid(`takes column ${column} of ${cols}`);
    return pick(
      node,
      source,
      Float64Array.from({ length: rows }, (_, row) => row * cols + column),
      [rows],
    );
  };
}

/** To a constant shape, in which one size may be −1: what is left. */
export function reshape(node: OnnxNode): Kernel {
  node.requireInteger("allowzero", 0);
  const shape = node.constantIntegers(1);
  if (shape.filter((size) => size === -1).length !== 1 || shape.some((size) => size < -1 || size === 0))
    throw node.unsupported(`the shape [${shape}]`);
  const known = -shape.reduce((product, size) => product * size, 1);
  return ([input]) => {
    if (input === undefined || input.type === "sparse") throw node.wrongType("a dense value", input);
    const count = input.data.length;
    if (count % known !== 0) throw node.invalid(`cannot make [${shape}] of [${input.dims}]`);
    const dims = shape.map((size) => (size === -1 ? count / known : size));
    elements(dims);
    return { ...input, dims };
  };
}

/** Columns of matrices, side by side. */
export function concat(node: OnnxNode): Kernel {
  node.requireInteger("axis", 1, 0);
  return (inputs) => {
    const parts = inputs.map((input) => matrixOf(node, input));
    const rows = parts[0]?.dims[0] ?? 0;
    const type = parts[0]?.type ?? "double";
    const cols = parts.reduce((sum, part) => sum + part.dims[1]!, 0);
    const out = allocate(type, [rows, cols]);
    let start = 0;
    for (const part of parts) {
      const width = part.dims[1]!;
      if (part.type !== type || part.dims[0] !== rows) throw node.invalid("expected matrices of one type and length");
      for (let row = 0; row < rows; row++)
        for (let j = 0; j < width; j++) out.data[row * cols + start + j] = part.data[row * width + j]!;
      start += width;
    }
    return out;
  };
}

/** The input as a matrix, of `cols` columns if given. */
export function matrixOf(node: OnnxNode, input: Tensor | undefined, cols?: number): NumericTensor {
  const x = node.numeric(input);
  if (x.dims.length !== 2 || (cols !== undefined && x.dims[1] !== cols))
    throw node.invalid(`expected a matrix${cols === undefined ? "" : ` of ${cols} columns`}, got [${x.dims}]`);
  return x;
}

function pick(node: OnnxNode, source: Tensor, at: Float64Array, dims: readonly number[]): Tensor {
  const count = elements(dims);
  const { length } = source.data;
  for (let i = 0; i < count; i++)
    if (!(at[i]! >= 0 && at[i]! < length)) throw node.invalid(`takes element ${at[i]} of ${length}`);
  switch (source.type) {
    case "string":
      return { type: "string", dims, data: Array.from(at, (index) => source.data[index]!) };
    case "double": {
      const data = new Float64Array(count);
      for (let i = 0; i < count; i++) data[i] = source.data[at[i]!]!;
      return { type: "double", dims, data };
    }
    case "float":
      return { type: "float", dims, data: Float32Array.from(at, (index) => source.data[index]!) };
    case "int64":
      return { type: "int64", dims, data: Float64Array.from(at, (index) => source.data[index]!) };
    case "sparse":
      throw node.wrongType("a dense value", source);
    case "bool":
      return { type: "bool", dims, data: Uint8Array.from(at, (index) => source.data[index]!) };
    default:
      throw invalidModel(`a value has the type ${source satisfies never}`);
  }
}

function transposed(data: ArrayLike<number>, rows: number, cols: number): Float64Array {
  const out = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) out[j * rows + i] = data[i * cols + j]!;
  return out;
}
