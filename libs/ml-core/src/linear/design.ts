/**
 * The rows that a linear classifier is fitted to, dense or sparse: just the two products that its gradient needs.
 * @module
 */
import type { Matrix } from "../base/matrix.ts";

export interface Design {
  readonly rows: number;
  readonly cols: number;
  /** out[i·k + c] += Σ_j x[i, j] · w[c·cols + j], for k rows of weights. */
  readonly addScores: (w: Float64Array, k: number, out: Float64Array) => void;
  /** out[c·cols + j] += Σ_i r[i·k + c] · x[i, j], added up row by row. */
  readonly addTransposed: (r: Float64Array, k: number, out: Float64Array) => void;
}

/** Rows that hold few values other than 0: those of row i are `values[starts[i]]` up to `starts[i + 1]`, in `columns`. */
export interface SparseRows {
  readonly rows: number;
  readonly cols: number;
  /** Length rows + 1. */
  readonly starts: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float64Array;
}

export function denseDesign({ data, rows, cols }: Matrix): Design {
  return {
    rows,
    cols,
    addScores(w, k, out) {
      for (let i = 0; i < rows; i++)
        for (let c = 0; c < k; c++) {
          let sum = 0;
          for (let j = 0; j < cols; j++) sum += data[i * cols + j]! * w[c * cols + j]!;
          out[i * k + c]! += sum;
        }
    },
    addTransposed(r, k, out) {
      for (let i = 0; i < rows; i++)
        for (let c = 0; c < k; c++) {
          const weight = r[i * k + c]!;
          for (let j = 0; j < cols; j++) out[c * cols + j]! += weight * data[i * cols + j]!;
        }
    },
  };
}

export function sparseDesign({ rows, cols, starts, columns, values }: SparseRows): Design {
  return {
    rows,
    cols,
    addScores(w, k, out) {
      for (let i = 0; i < rows; i++)
        for (let c = 0; c < k; c++) {
          let sum = 0;
          for (let at = starts[i]!; at < starts[i + 1]!; at++) sum += values[at]! * w[c * cols + columns[at]!]!;
          out[i * k + c]! += sum;
        }
    },
    addTransposed(r, k, out) {
      for (let i = 0; i < rows; i++)
        for (let c = 0; c < k; c++) {
          const weight = r[i * k + c]!;
          for (let at = starts[i]!; at < starts[i + 1]!; at++) out[c * cols + columns[at]!]! += weight * values[at]!;
        }
    },
  };
}
