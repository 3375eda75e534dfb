/**
 * Isolation forest: how few random cuts it takes to have a row for itself says how anomalous it is.
 *
 * Source: Liu, Ting & Zhou 2008, doi:10.1109/ICDM.2008.17; parameters and their meaning are scikit-learn's.
 * Cost: `n_estimators` trees of `max_samples` rows, and one pass of all rows through them for the threshold.
 * Deterministic: tree t depends on the data, the params and `split(key, t)` only.
 * @module
 */
import { ArgumentError } from "../base/argument-error.ts";
import { requireInteger } from "../base/check.ts";
import type { IsolationForestEstimator, Tree } from "../base/estimator.ts";
import { type FitPort, silentPort } from "../base/fit-port.ts";
import type { Matrix } from "../base/matrix.ts";
import { type RngKey, split, uniform } from "../base/rng.ts";
import { requireFeatures } from "../base/training-data.ts";
import { treeColumns } from "../tree/columns.ts";
import { drawDistinct } from "../tree/draw.ts";
import { placeOnGrid } from "../tree/grid.ts";
import { leafNode, type TreeNode, toTree } from "../tree/nodes.ts";
import { anomalyScores } from "../tree/predict-trees.ts";

export interface IsolationForestParams {
  /** How many trees. @default 100 */
  readonly n_estimators?: number;
  /**
   * Rows that each tree sees, drawn without replacement: a number from 2 on, a fraction in (0, 1], or "auto", which is
   * 256; no more than there are. @default "auto"
   */
  readonly max_samples?: number | "auto";
  /**
   * The share of the training rows that is to count as anomalies, in (0, 0.5], or "auto": whatever scores below 0, which
   * is the paper's s > 0.5. @default "auto"
   */
  readonly contamination?: number | "auto";
}

/** @throws ArgumentError if a param is out of its range, or `x` has fewer than two rows or a value that is not finite. */
export function fitIsolationForest(
  x: Matrix,
  params: IsolationForestParams,
  key: RngKey,
  port: FitPort = silentPort,
): IsolationForestEstimator {
  const { n_estimators = 100, max_samples = "auto", contamination = "auto" } = params;
  requireInteger("n_estimators", n_estimators, 1);
  requireContamination(contamination);
  requireFeatures(x);
  if (x.rows < 2) throw new ArgumentError(`"x" expected at least 2 rows, got ${x.rows}`);
  const sampled = sampleSize(max_samples, x.rows);
  const columns = treeColumns(x);

  const grown: Tree[] = [];
  for (let t = 0; t < n_estimators; t++) {
    grown.push(growIsolationTree(columns, x.rows, sampled, split(key, t)));
    port.iteration(t + 1, n_estimators);
  }
  const trees = placeOnGrid(grown, 1);
  const estimator = { kind: "isolation-forest", trees, normalizer: averagePath(sampled), threshold: 0 } as const;
  if (contamination === "auto") return estimator;
  return { ...estimator, threshold: quantile(anomalyScores(estimator, x), contamination) };
}

/**
 * Mean length of the path of an unsuccessful search among `rows` in a binary search tree: what a leaf of several rows
 * would still add, were it cut on. 2·H(n − 1) − 2·(n − 1)/n, the harmonic number by ln + γ as in the paper.
 */
export function averagePath(rows: number): number {
  if (rows <= 1) return 0;
  if (rows === 2) return 1;
  return 2 * (Math.log(rows - 1) + EULER_GAMMA) - (2 * (rows - 1)) / rows;
}

const EULER_GAMMA = 0.5772156649015329;

function requireContamination(contamination: number | "auto"): void {
  if (contamination === "auto" || (contamination > 0 && contamination <= 0.5)) return;
  throw new ArgumentError(`"contamination" expected a number in (0, 0.5] or "auto", got ${contamination}`);
}

function sampleSize(maxSamples: number | "auto", rows: number): number {
  if (maxSamples === "auto") return Math.min(256, rows);
  if (maxSamples > 0 && maxSamples <= 1) return Math.max(2, Math.floor(maxSamples * rows));
  if (Number.isInteger(maxSamples) && maxSamples >= 2) return Math.min(maxSamples, rows);
  throw new ArgumentError(`"max_samples" expected an integer >= 2, a fraction in (0, 1] or "auto", got ${maxSamples}`);
}

function growIsolationTree(columns: readonly Float64Array[], rows: number, sampled: number, key: RngKey): Tree {
  const depthMax = Math.ceil(Math.log2(sampled));
  const nodes: Node[] = [];
  const add = (sample: Uint32Array, depth: number, nodeKey: RngKey): number => {
    const node: Node = { ...leafNode(), value: depth + averagePath(sample.length) };
    const at = nodes.push(node) - 1;
    const cut = depth < depthMax && sample.length > 1 ? drawCut(columns, sample, nodeKey) : null;
    if (cut === null) return at;
    const column = columns[cut.feature]!;
    const left = add(
      sample.filter((row) => column[row]! <= cut.threshold),
      depth + 1,
      split(nodeKey, 1),
    );
    const right = add(
      sample.filter((row) => column[row]! > cut.threshold),
      depth + 1,
      split(nodeKey, 2),
    );
    Object.assign(node, cut, { left, right, value: 0 });
    return at;
  };
  add(drawDistinct(rows, sampled, split(key, 0)), 0, split(key, 1));
  return toTree(
    nodes,
    0,
    Float64Array.from(nodes, (node) => node.value),
  );
}

interface Node extends TreeNode {
  value: number;
}

interface Cut {
  readonly feature: number;
  readonly threshold: number;
}

/** A uniform cut within a random column of those that vary among the rows; null if none does. */
function drawCut(columns: readonly Float64Array[], sample: Uint32Array, key: RngKey): Cut | null {
  for (const feature of drawDistinct(columns.length, columns.length, split(key, 3))) {
    const column = columns[feature]!;
    let least = Infinity;
    let most = -Infinity;
    for (const row of sample) {
      least = Math.min(least, column[row]!);
      most = Math.max(most, column[row]!);
    }
    if (least === most) continue;
    const threshold = least + uniform(split(key, 4), 0) * (most - least);
    // Rounding must not reach the upper end: then nothing would go right.
    return { feature, threshold: threshold < most ? threshold : least };
  }
  return null;
}

/** With linear interpolation between neighbours, as numpy's default. */
function quantile(values: Float64Array, share: number): number {
  const sorted = values.toSorted();
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}
