/**
 * All metrics of a clustering on some rows: inertia and silhouette.
 * @module
 */
import type { Matrix } from "../base/matrix.ts";
import { type MetricReport, reportOf, requireSameLength } from "./report.ts";
import { silhouette } from "./silhouette.ts";

export interface ClusteringResult {
  readonly x: Matrix;
  /** Cluster of each row. */
  readonly labels: Int32Array;
  /** Distance of each row to its center. */
  readonly distances: Float64Array;
  /** Of the sample that the silhouette takes where there are many rows; default 0. */
  readonly seed?: number | undefined;
}

export function clusteringMetrics({ x, labels, distances, seed = 0 }: ClusteringResult): MetricReport {
  requireSameLength("distances", distances.length, x.rows);
  const inertia = distances.reduce((sum, distance) => sum + distance * distance, 0);
  return reportOf({ inertia, silhouette: silhouette(x, labels, seed) });
}
