/**
 * K-means clustering: Lloyd iterations from greedy k-means++ seeds, the best of several starts.
 *
 * Source: Lloyd 1982, doi:10.1109/TIT.1982.1056489; Arthur & Vassilvitskii, SODA 2007 (§5 for the greedy seeds).
 * Cost: O(starts · iterations · rows · clusters · cols) time; O(rows + clusters · cols) extra memory.
 * Deterministic: the same data, params and key give bit-identical estimators.
 * @module
 */
import { ArgumentError } from "../base/argument-error.ts";
import { requireInteger, requireNumber } from "../base/check.ts";
import type { KMeansEstimator } from "../base/estimator.ts";
import type { Fit } from "../base/fit.ts";
import { type FitPort, silentPort } from "../base/fit-port.ts";
import type { Matrix } from "../base/matrix.ts";
import { type RngKey, split, uniform } from "../base/rng.ts";
import { requireFeatures } from "../base/training-data.ts";
import { columnDeviations, columnMeans, dot } from "../linear/moments.ts";

export interface KMeansParams {
  /** Number of clusters, 1..rows; default 8. */
  readonly n_clusters?: number | undefined;
  /** Number of starts, ≥ 1; the one of least inertia is kept; default 10. */
  readonly n_init?: number | undefined;
  /** At most so many Lloyd iterations a start, ≥ 1; default 300. */
  readonly max_iter?: number | undefined;
  /**
   * A start ends when its centers together move by no more than this share of the mean variance of the columns
   * (squared distances); 0 = until no row changes its cluster; default 1e-4.
   */
  readonly tol?: number | undefined;
}

/**
 * `loss` is the inertia: the sum of squared distances from each row to its center.
 * @throws ArgumentError for bad parameters, fewer rows than clusters, or a value that is not finite.
 */
export function fitKMeans(
  x: Matrix,
  { n_clusters = 8, n_init = 10, max_iter = 300, tol = 1e-4 }: KMeansParams,
  key: RngKey,
  port: FitPort = silentPort,
): Fit<KMeansEstimator> {
  requireFeatures(x);
  requireInteger("n_clusters", n_clusters, 1, x.rows);
  requireInteger("n_init", n_init, 1);
  requireInteger("max_iter", max_iter, 1);
  requireNumber("tol", tol, 0);

  const deviations = columnDeviations(x, columnMeans(x));
  const shiftTolerance = (tol * dot(deviations, deviations)) / x.cols;
  let best: Start | undefined;
  for (let start = 0; start < n_init; start++) {
    const seeds = seedPlusPlus(x, n_clusters, split(key, start));
    const found = iterate(x, seeds, max_iter, shiftTolerance);
    if (best === undefined || found.inertia < best.inertia) best = found;
    port.iteration(start + 1, n_init, best.inertia);
  }
  const { centers, inertia, iterations, converged } = best!;
  const estimator: KMeansEstimator = { kind: "k-means", centers: { data: centers, rows: n_clusters, cols: x.cols } };
  return { estimator, iterations, converged, loss: inertia };
}

/** The nearest center of each row (ties go to the lower index), and the distance to it. NaN is near nothing: cluster 0. */
export function predictKMeans(
  { centers }: KMeansEstimator,
  x: Matrix,
): { readonly labels: Int32Array; readonly distances: Float64Array } {
  if (x.cols !== centers.cols) throw new ArgumentError(`"x" expected ${centers.cols} columns, got ${x.cols}`);
  const labels = new Int32Array(x.rows);
  const squares = new Float64Array(x.rows);
  assignRows(x, centers.data, labels, squares);
  return { labels, distances: squares.map((square) => Math.sqrt(square)) };
}

interface Start {
  readonly centers: Float64Array;
  readonly inertia: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/** Lloyd's iterations. The inertia is that of the returned centers. */
function iterate(x: Matrix, seeds: Float64Array, iterationsMax: number, shiftTolerance: number): Start {
  let centers = seeds;
  const labels = new Int32Array(x.rows).fill(-1);
  const squares = new Float64Array(x.rows);
  let iterations = 0;
  let changed = assignRows(x, centers, labels, squares);
  let converged = false;
  while (iterations < iterationsMax && !converged) {
    iterations += 1;
    const next = averageRows(x, labels, squares, centers.length / x.cols);
    const shift = squaredDistance(centers, 0, next, 0, centers.length);
    centers = next;
    changed = assignRows(x, centers, labels, squares);
    converged = changed === 0 || shift <= shiftTolerance;
  }
  return { centers, inertia: sum(squares), iterations, converged };
}

/**
 * Picks seeds with probability proportional to the squared distance to the nearest one so far; of a few such picks the
 * one that lowers the inertia most. 2 + ⌊ln clusters⌋ picks, as in scikit-learn.
 */
function seedPlusPlus(x: Matrix, clusters: number, key: RngKey): Float64Array {
  const centers = new Float64Array(clusters * x.cols);
  const picks = 2 + Math.floor(Math.log(clusters));
  let row = Math.floor(uniform(key, 0) * x.rows);
  let nearest: Float64Array = new Float64Array(x.rows).fill(Number.POSITIVE_INFINITY);
  nearest = nearestWith(x, nearest, row);
  centers.set(x.data.subarray(row * x.cols, (row + 1) * x.cols));
  for (let c = 1; c < clusters; c++) {
    let best: Float64Array | undefined;
    for (let pick = 0; pick < picks; pick++) {
      const candidate = sampleIndex(nearest, uniform(key, c * picks + pick));
      const after = nearestWith(x, nearest, candidate);
      if (best !== undefined && sum(after) >= sum(best)) continue;
      best = after;
      row = candidate;
    }
    nearest = best!;
    centers.set(x.data.subarray(row * x.cols, (row + 1) * x.cols), c * x.cols);
  }
  return centers;
}

/** Squared distance of each row to its nearest seed, once `row` is one too. */
function nearestWith(x: Matrix, nearest: Float64Array, row: number): Float64Array {
  return nearest.map((square, i) =>
    Math.min(square, squaredDistance(x.data, i * x.cols, x.data, row * x.cols, x.cols)),
  );
}

/** First index whose running sum passes `u` of the total. All-zero weights (only duplicate rows left) give 0. */
function sampleIndex(weights: Float64Array, u: number): number {
  const target = u * sum(weights);
  let running = 0;
  for (let i = 0; i < weights.length; i++) {
    running += weights[i]!;
    if (running > target) return i;
  }
  return 0;
}

/** Each cluster's mean; a cluster without rows moves to the row that is farthest from its center, a different one each. */
function averageRows(x: Matrix, labels: Int32Array, squares: Float64Array, clusters: number): Float64Array {
  const centers = new Float64Array(clusters * x.cols);
  const counts = new Int32Array(clusters);
  for (let i = 0; i < x.rows; i++) {
    const c = labels[i]!;
    counts[c]! += 1;
    for (let j = 0; j < x.cols; j++) centers[c * x.cols + j]! += x.data[i * x.cols + j]!;
  }
  const taken = new Set<number>();
  for (let c = 0; c < clusters; c++) {
    if (counts[c] === 0) {
      const row = farthestRow(squares, taken);
      taken.add(row);
      centers.set(x.data.subarray(row * x.cols, (row + 1) * x.cols), c * x.cols);
    } else for (let j = 0; j < x.cols; j++) centers[c * x.cols + j]! /= counts[c]!;
  }
  return centers;
}

function farthestRow(squares: Float64Array, taken: ReadonlySet<number>): number {
  let best = -1;
  for (let i = 0; i < squares.length; i++) if (!taken.has(i) && (best < 0 || squares[i]! > squares[best]!)) best = i;
  return best;
}

// ── Kernels: typed arrays and numbers in, results written to the `out` arguments, no allocation. ──

/** Writes the nearest center of each row and the squared distance to it; returns how many rows changed their label. */
function assignRows(x: Matrix, centers: Float64Array, outLabels: Int32Array, outSquares: Float64Array): number {
  let changed = 0;
  for (let i = 0; i < x.rows; i++) {
    let best = 0;
    let least = squaredDistance(x.data, i * x.cols, centers, 0, x.cols);
    for (let at = x.cols; at < centers.length; at += x.cols) {
      const square = squaredDistance(x.data, i * x.cols, centers, at, x.cols);
      if (square < least) {
        best = at / x.cols;
        least = square;
      }
    }
    if (outLabels[i] !== best) changed += 1;
    outLabels[i] = best;
    outSquares[i] = least;
  }
  return changed;
}

function squaredDistance(a: Float64Array, aAt: number, b: Float64Array, bAt: number, length: number): number {
  let total = 0;
  for (let j = 0; j < length; j++) {
    const difference = a[aAt + j]! - b[bAt + j]!;
    total += difference * difference;
  }
  return total;
}

function sum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}
