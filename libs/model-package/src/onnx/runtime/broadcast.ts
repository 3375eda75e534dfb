/**
 * Elementwise operations on tensors whose shapes differ as ONNX allows (NumPy's rules), up to matrices.
 * @module
 */
import { invalidModel } from "./tensor.ts";

/** The shape that both are stretched to. */
export function broadcastDims(a: readonly number[], b: readonly number[]): readonly number[] {
  if (b.length === 0 || sameDims(a, b)) return a;
  if (a.length === 0) return b;
  const rank = Math.max(a.length, b.length);
  const dims = new Array<number>(rank);
  for (let i = 0; i < rank; i++) {
    const left = a[i - rank + a.length] ?? 1;
    const right = b[i - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1)
      throw invalidModel(`shapes [${a.join(", ")}] and [${b.join(", ")}] do not fit`);
    dims[i] = left === 1 ? right : left;
  }
  return dims;
}

/** A shape as rows and columns: a vector is one row, a scalar one row of one column. */
export interface Extent {
  readonly rows: number;
  readonly cols: number;
}

/** @throws AppError for more than two dimensions, which no model of ours computes with. */
export function extentOf(dims: readonly number[]): Extent {
  if (dims.length > 2) throw invalidModel(`it computes with a value of ${dims.length} dimensions`);
  return { rows: dims.length === 2 ? dims[0]! : 1, cols: dims.at(-1) ?? 1 };
}

/** How far apart in the data neighbouring rows and columns are, if a value of shape `from` is stretched; 0 repeats. */
export function stepsOf(from: readonly number[], to: Extent): { readonly row: number; readonly col: number } {
  const { rows, cols } = extentOf(from);
  return { row: rows === 1 && to.rows !== 1 ? 0 : cols, col: cols === 1 && to.cols !== 1 ? 0 : 1 };
}

function sameDims(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
