/**
 * Silhouette: how much nearer rows are to their own cluster than to the next one, −1 to 1.
 *
 * Source: Rousseeuw 1987, doi:10.1016/0377-0427(87)90125-7. O(rows² · cols), so it is taken of at most `silhouetteRows`
 * rows, chosen by a seeded hash of their position.
 * @module
 */
import { type Matrix, takeRows } from "../base/matrix.ts";
import { hashOrderedClasses } from "../split/position-order.ts";
import { type Metric, requireSameLength } from "./report.ts";

/** More rows than this are sampled. */
export const silhouetteRows = 2000;

/** Mean over the rows; a row alone in its cluster counts as 0. Undefined unless there are 2 … rows − 1 clusters. */
export function silhouette(x: Matrix, labels: Int32Array, seed = 0): Metric {
  requireSameLength("labels", labels.length, x.rows);
  if (x.rows > silhouetteRows) {
    const sample = hashOrderedClasses(x.rows, null, seed)[0]!.slice(0, silhouetteRows);
    return silhouette(
      takeRows(x, sample),
      Int32Array.from(sample, (row) => labels[row]!),
    );
  }
  const clusters = [...new Set(labels)];
  if (clusters.length < 2 || clusters.length >= x.rows)
    return {
      reason: `it takes 2 clusters or more and fewer than rows, there are ${clusters.length} in ${x.rows} rows`,
    };
  const index = new Map(clusters.map((label, at) => [label, at]));
  const cluster = labels.map((label) => index.get(label)!);
  const sizes = new Int32Array(clusters.length);
  for (const own of cluster) sizes[own]! += 1;

  let total = 0;
  const sums = new Float64Array(clusters.length);
  for (let i = 0; i < x.rows; i++) {
    sumDistances(x, i, cluster, sums);
    total += widthOf(cluster[i]!, sums, sizes);
  }
  return total / x.rows;
}

/** (b − a) / max(a, b): a the mean distance to the others of the own cluster, b the least mean distance to another. */
function widthOf(own: number, sums: Float64Array, sizes: Int32Array): number {
  if (sizes[own] === 1) return 0;
  const a = sums[own]! / (sizes[own]! - 1);
  let b = Number.POSITIVE_INFINITY;
  for (let c = 0; c < sums.length; c++) if (c !== own) b = Math.min(b, sums[c]! / sizes[c]!);
  const larger = Math.max(a, b);
  return larger === 0 ? 0 : (b - a) / larger;
}

/** Writes the sum of the distances from row `i` to the rows of each cluster. */
function sumDistances(x: Matrix, i: number, cluster: Int32Array, outSums: Float64Array): void {
  outSums.fill(0);
  for (let other = 0; other < x.rows; other++) {
    let square = 0;
    for (let j = 0; j < x.cols; j++) square += (x.data[i * x.cols + j]! - x.data[other * x.cols + j]!) ** 2;
    outSums[cluster[other]!]! += Math.sqrt(square);
  }
}
