/**
 * Linear least squares by Householder QR with column pivoting; of all solutions the one of smallest norm.
 *
 * Source: Businger & Golub 1965, doi:10.1007/BF01436084; minimum norm by a second QR (complete orthogonal
 * decomposition), Golub & Van Loan, Matrix Computations, §5.5.
 * Cost: O(rows · cols · min(rows, cols)) time; O(rows · cols) extra memory.
 * Columns are scaled to unit norm before the pivoting, so that the rank does not depend on units.
 * @module
 */
import type { Matrix } from "../base/matrix.ts";

export interface LeastSquares {
  /** Length cols. */
  readonly solution: Float64Array;
  /** How many columns are linearly independent, 0..min(rows, cols). */
  readonly rank: number;
}

/** The w of smallest ‖w‖ among those that minimise ‖a·w − b‖. */
export function solveLeastSquares(a: Matrix, b: Float64Array): LeastSquares {
  const norms = columnNorms(a);
  const columns = scaledColumns(a, norms);
  const rhs = b.slice();
  const order = Int32Array.from({ length: a.cols }, (_, j) => j);
  const rank = pivotedQr(columns, rhs, order);

  if (rank === a.cols) return { solution: backSubstitute(columns, rhs, order, norms), rank };

  // The kept part, R · (pivoted, scaled w) = rhs, has full row rank; back in the units of a it is rows · w = rhs.
  const rows = Array.from({ length: rank }, (_, i) => {
    const row = new Float64Array(a.cols);
    for (let k = i; k < a.cols; k++) row[order[k]!] = columns[k]![i]! * norms[order[k]!]!;
    return row;
  });
  return { solution: smallestSolution(rows, rhs, a.cols), rank };
}

/** The only w, where R is square: each entry keeps its own digits, however far apart the units of the columns are. */
function backSubstitute(
  columns: readonly Float64Array[],
  rhs: Float64Array,
  order: Int32Array,
  norms: Float64Array,
): Float64Array {
  const scaled = new Float64Array(order.length);
  const solution = new Float64Array(order.length);
  for (let i = order.length - 1; i >= 0; i--) {
    let rest = rhs[i]!;
    for (let k = i + 1; k < order.length; k++) rest -= columns[k]![i]! * scaled[k]!;
    scaled[i] = rest / columns[i]![i]!;
    solution[order[i]!] = scaled[i]! / norms[order[i]!]!;
  }
  return solution;
}

/**
 * Overwrites `columns` with R (row i of it is entry i of the columns from i on), `rhs` with Qᵀ·rhs, `order` with the
 * pivoting; returns the numerical rank.
 */
function pivotedQr(columns: Float64Array[], rhs: Float64Array, order: Int32Array): number {
  const rows = rhs.length;
  const steps = Math.min(rows, columns.length);
  // Columns have norm 1, so this is relative; the factor is that of LAPACK's users (NumPy's matrix_rank).
  const tolerance = Math.max(rows, columns.length) * Number.EPSILON;
  for (let step = 0; step < steps; step++) {
    const pivot = largestColumn(columns, step);
    if (norm(columns[pivot]!, step) <= tolerance) return step;
    [columns[step], columns[pivot]] = [columns[pivot]!, columns[step]!];
    [order[step], order[pivot]] = [order[pivot]!, order[step]!];
    const reflector = makeReflector(columns[step]!, step);
    for (let k = step; k < columns.length; k++) reflect(reflector, columns[k]!, step);
    reflect(reflector, rhs, step);
  }
  return steps;
}

/** The w of smallest norm with rows · w = rhs, where the rows are independent: w = Q · R⁻ᵀ · rhs for rowsᵀ = Q·R. */
function smallestSolution(rows: Float64Array[], rhs: Float64Array, cols: number): Float64Array {
  const reflectors: Float64Array[] = [];
  for (let step = 0; step < rows.length; step++) {
    const reflector = makeReflector(rows[step]!, step);
    for (let k = step; k < rows.length; k++) reflect(reflector, rows[k]!, step);
    reflectors.push(reflector);
  }
  const solution = new Float64Array(cols);
  for (let i = 0; i < rows.length; i++) {
    let rest = rhs[i]!;
    for (let k = 0; k < i; k++) rest -= rows[i]![k]! * solution[k]!;
    solution[i] = rest / rows[i]![i]!;
  }
  for (let step = reflectors.length - 1; step >= 0; step--) reflect(reflectors[step]!, solution, step);
  return solution;
}

/** The unit vector v (entry 0 belongs to `from`) for which I − 2vvᵀ sends `column` from `from` on to a multiple of e₁. */
function makeReflector(column: Float64Array, from: number): Float64Array {
  const v = column.slice(from);
  const length = norm(v, 0);
  // The sign that adds, so that nothing cancels.
  v[0]! += v[0]! < 0 ? -length : length;
  const size = norm(v, 0);
  return size === 0 ? v : v.map((value) => value / size);
}

/** target ← (I − 2vvᵀ)·target, from index `from` on. */
function reflect(v: Float64Array, target: Float64Array, from: number): void {
  let product = 0;
  for (let i = 0; i < v.length; i++) product += v[i]! * target[from + i]!;
  for (let i = 0; i < v.length; i++) target[from + i]! -= 2 * product * v[i]!;
}

function largestColumn(columns: readonly Float64Array[], from: number): number {
  let best = from;
  let bestNorm = -1;
  for (let k = from; k < columns.length; k++) {
    const size = norm(columns[k]!, from);
    if (size > bestNorm) {
      best = k;
      bestNorm = size;
    }
  }
  return best;
}

function columnNorms(a: Matrix): Float64Array {
  return Float64Array.from({ length: a.cols }, (_, j) => norm(columnOf(a, j), 0));
}

function scaledColumns(a: Matrix, norms: Float64Array): Float64Array[] {
  return Array.from({ length: a.cols }, (_, j) =>
    columnOf(a, j).map((value) => (norms[j] === 0 ? 0 : value / norms[j]!)),
  );
}

function columnOf(a: Matrix, j: number): Float64Array {
  return Float64Array.from({ length: a.rows }, (_, i) => a.data[i * a.cols + j]!);
}

/** Euclidean norm of the entries from `from` on. */
function norm(values: Float64Array, from: number): number {
  let sum = 0;
  for (let i = from; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum);
}
