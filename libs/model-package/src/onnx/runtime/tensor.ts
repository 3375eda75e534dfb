/**
 * Values while a graph runs: dense, row-major tensors.
 * @module
 */
import { AppError } from "@mintmark/errors";

export type Tensor = DoubleTensor | FloatTensor | IntegerTensor | BooleanTensor | TextTensor | SparseTensor;
export type NumericTensor = DoubleTensor | FloatTensor;

interface Shaped {
  /** Outermost first; none for a scalar. */
  readonly dims: readonly number[];
}
export interface DoubleTensor extends Shaped {
  readonly type: "double";
  readonly data: Float64Array;
}
export interface FloatTensor extends Shaped {
  readonly type: "float";
  readonly data: Float32Array;
}
/** ONNX's int64; only values that a double holds exactly. */
export interface IntegerTensor extends Shaped {
  readonly type: "int64";
  readonly data: Float64Array;
}
export interface BooleanTensor extends Shaped {
  readonly type: "bool";
  /** 0 or 1. */
  readonly data: Uint8Array;
}
export interface TextTensor extends Shaped {
  readonly type: "string";
  readonly data: readonly string[];
}

/** A matrix of counted words, nearly all zeros: only the others are kept. Texts are the only source of such. */
export interface SparseTensor extends Shaped {
  readonly type: "sparse";
  /** The values of row i are those from `starts[i]` to before `starts[i + 1]`; length rows + 1. */
  readonly starts: Int32Array;
  /** Column of each value, ascending in a row. */
  readonly columns: Int32Array;
  readonly data: Float64Array;
}

/** More elements than any value has that a graph of ours makes of one batch. */
const computedMax = 2 ** 24;
/** Of a constant, whose elements are all in the file. */
export const constantMax = 2 ** 28;

/**
 * How many elements a tensor of these dimensions has. Of an empty one, the other sizes are bounded too: loops run over them.
 * @throws AppError MODEL_TOO_COSTLY for more than `most`, before memory is taken for them
 */
export function elements(dims: readonly number[], most = computedMax): number {
  let count = 1;
  let bound = 1;
  for (const size of dims) {
    count *= size;
    bound *= Math.max(size, 1);
  }
  if (bound > most)
    throw tooCostly(`it has a value of [${dims.join(", ")}] elements, and at most ${most} are possible`);
  return count;
}

/** An empty tensor of a numeric type, and where to write it. */
export function allocate(type: NumericTensor["type"], dims: readonly number[]): NumericTensor {
  const count = elements(dims);
  return type === "double"
    ? { type, dims, data: new Float64Array(count) }
    : { type, dims, data: new Float32Array(count) };
}

/** The failure of a model file whose parts do not fit together. */
export function invalidModel(problem: string): AppError<"MODEL_FILE_INVALID"> {
  return new AppError("MODEL_FILE_INVALID", { file: "model.onnx", problem });
}

/** The failure of a model that would take more than any of ours. */
export function tooCostly(cost: string): AppError<"MODEL_TOO_COSTLY"> {
  return new AppError("MODEL_TOO_COSTLY", { cost });
}
