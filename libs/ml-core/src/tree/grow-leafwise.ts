/**
 * Growing one tree of gradient boosting: leaf by leaf, where the loss falls most, on histograms.
 *
 * Source: LightGBM (Ke et al., NIPS 2017) and the second-order gain of XGBoost (Chen & Guestrin, KDD 2016): a leaf with
 * sums G of gradients and H of curvatures lessens the loss by 2·G·v − (H + λ)·v² if its value is −v. Best is
 * v = G / (H + λ), and then it is worth G² / (H + λ); where that is too large a step, v is the largest.
 *
 * Histograms add up whole numbers, exactly, in float64: gradients are scaled so that all together stay below 2^52, and
 * one number carries the rows (high bits) and the curvatures (low bits). So sums do not depend on their order, a larger
 * child is exactly its parent less the smaller child, and the same tree grows whatever the blocks or threads.
 * Cost: O(rows · columns) a level of the tree, O(bins · columns) a leaf.
 * @module
 */
import type { GrownTree } from "../base/grown-tree.ts";
import type { BinnedColumns } from "./bins.ts";
import { leafNode, type TreeNode, toTree } from "./nodes.ts";

export interface LeafwiseLimits {
  readonly leaves: number;
  readonly depth: number;
  readonly rowsInLeaf: number;
  readonly curvatureInLeaf: number;
  readonly lambda: number;
  /** Splits that gain no more are not made. */
  readonly gainMin: number;
  /** No leaf value is larger in size, before it is multiplied by the learning rate. */
  readonly stepMax: number;
  readonly learningRate: number;
}

/** What one tree is grown on. */
export interface Sample {
  /** By row; changed by nothing here. */
  readonly gradients: Float64Array;
  readonly curvatures: Float64Array;
  /** By row, whether it counts; null if all do. The others only follow the splits. */
  readonly inBag: Uint8Array | null;
  /** Columns in which splits are searched. */
  readonly features: Uint32Array;
}

/** Grows trees on the same columns one after the other, in the same memory. */
export interface LeafwiseGrower {
  /** Grows a tree that adds to `output`, and adds its leaves to the sums of all rows. */
  readonly grow: (sample: Sample, output: number, outSums: Float64Array) => GrownTree;
}

export function leafwiseGrower(x: BinnedColumns, limits: LeafwiseLimits): LeafwiseGrower {
  const offsets = binOffsets(x);
  const workspace: Workspace = {
    x,
    limits,
    offsets,
    order: new Uint32Array(x.rows),
    spare: new Uint32Array(x.rows),
    gradients: new Float64Array(x.rows),
    packed: new Float64Array(x.rows),
    histograms: [],
    histogramLength: 2 * offsets[x.cols]!,
  };
  return { grow: (sample, output, outSums) => growLeafwise(workspace, sample, output, outSums) };
}

interface Workspace {
  readonly x: BinnedColumns;
  readonly limits: LeafwiseLimits;
  /** Per column, where its bins begin in a histogram; the last is their number. */
  readonly offsets: Uint32Array;
  /** All rows; those of a leaf lie together. */
  readonly order: Uint32Array;
  readonly spare: Uint32Array;
  /** By row: whole numbers, see `quantize`. */
  readonly gradients: Float64Array;
  readonly packed: Float64Array;
  /** Made as they are needed: one for each leaf that waits. Per bin the sums of `gradients` and `packed`. */
  readonly histograms: Float64Array[];
  readonly histogramLength: number;
}

/** How whole numbers turn back into sums: gradient = units · gradientUnit; packed = rows · rowUnit + curvature units. */
interface Units {
  readonly gradient: number;
  readonly curvature: number;
  /** A power of two above all curvature units together. */
  readonly row: number;
}

interface Leaf {
  readonly node: number;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  /** Sums in whole units. */
  readonly gradients: number;
  readonly packed: number;
  readonly histogram: Float64Array;
  split: Split | null;
}

interface Split {
  readonly feature: number;
  /** Rows of this bin and those below go left. */
  readonly bin: number;
  readonly gradients: number;
  readonly packed: number;
  readonly gain: number;
}

interface Growth extends Workspace {
  readonly units: Units;
  readonly features: Uint32Array;
  readonly nodes: TreeNode[];
  readonly gain: Float64Array;
}

function growLeafwise(workspace: Workspace, sample: Sample, output: number, outSums: Float64Array): GrownTree {
  const growth: Growth = {
    ...workspace,
    units: quantize(sample, workspace.gradients, workspace.packed),
    features: sample.features,
    nodes: [],
    gain: new Float64Array(workspace.x.cols),
  };
  const leaves = [rootOf(growth)];
  while (leaves.length < growth.limits.leaves) {
    const best = indexOfBest(leaves);
    if (leaves[best]!.split === null) break;
    const [left, right] = splitLeaf(growth, leaves[best]!, leaves.length);
    leaves[best] = left;
    leaves.push(right);
  }
  return finish(growth, leaves, output, outSums);
}

/**
 * Rounds gradients to whole units, of which all rows together have fewer than 2^52, and packs a row and its curvature
 * into one whole number; zeros for rows out of the bag. Units are powers of two, so scaling back is exact.
 */
function quantize(
  { gradients, curvatures, inBag }: Sample,
  outGradients: Float64Array,
  outPacked: Float64Array,
): Units {
  let gradientSum = 0;
  let curvatureSum = 0;
  for (let row = 0; row < gradients.length; row++) {
    if (inBag !== null && inBag[row] === 0) continue;
    gradientSum += Math.abs(gradients[row]!);
    curvatureSum += curvatures[row]!;
  }
  const rowUnit = 2 ** Math.floor(52 - Math.log2(gradients.length + 1));
  const gradientScale = powerOfTwoBelow(2 ** 51 / gradientSum);
  const curvatureScale = powerOfTwoBelow(rowUnit / 2 / curvatureSum);
  for (let row = 0; row < gradients.length; row++) {
    const counts = inBag === null || inBag[row] === 1;
    outGradients[row] = counts ? Math.round(gradients[row]! * gradientScale) : 0;
    outPacked[row] = counts ? rowUnit + Math.floor(curvatures[row]! * curvatureScale) : 0;
  }
  return { gradient: 1 / gradientScale, curvature: 1 / curvatureScale, row: rowUnit };
}

/** Of a quotient by a sum of 0 it is 1: then there is nothing to scale. */
function powerOfTwoBelow(value: number): number {
  return value < Infinity ? 2 ** Math.floor(Math.log2(value)) : 1;
}

function rootOf(growth: Growth): Leaf {
  const { x, order } = growth;
  for (let row = 0; row < x.rows; row++) order[row] = row;
  const histogram = histogramFor(growth, 0);
  addUp(growth, 0, x.rows, histogram);
  // Every row is in some bin of column 0.
  let gradients = 0;
  let packed = 0;
  for (let at = 0; at < 2 * growth.offsets[1]!; at += 2) {
    gradients += histogram[at]!;
    packed += histogram[at + 1]!;
  }
  return addLeaf(growth, { start: 0, end: x.rows, depth: 0, gradients, packed, histogram });
}

function addLeaf(growth: Growth, place: Omit<Leaf, "node" | "split">): Leaf {
  const node = growth.nodes.push(leafNode()) - 1;
  const leaf: Leaf = { ...place, node, split: null };
  if (leaf.depth < growth.limits.depth) leaf.split = findSplit(growth, leaf);
  return leaf;
}

/** The leaf whose split gains most, the first of equals. */
function indexOfBest(leaves: readonly Leaf[]): number {
  let best = 0;
  for (let i = 1; i < leaves.length; i++)
    if ((leaves[i]!.split?.gain ?? -1) > (leaves[best]!.split?.gain ?? -1)) best = i;
  return best;
}

function splitLeaf(growth: Growth, leaf: Leaf, leaves: number): [Leaf, Leaf] {
  const { start, end, depth, histogram } = leaf;
  const { feature, bin, gradients, packed, gain } = leaf.split!;
  const middle = partition(growth, start, end, feature, bin);

  // The parent's histogram becomes the larger child's.
  const smaller = histogramFor(growth, leaves);
  const leftIsSmaller = middle - start <= end - middle;
  if (leftIsSmaller) addUp(growth, start, middle, smaller);
  else addUp(growth, middle, end, smaller);
  for (let i = 0; i < smaller.length; i++) histogram[i]! -= smaller[i]!;

  const left = addLeaf(growth, {
    start,
    end: middle,
    depth: depth + 1,
    gradients,
    packed,
    histogram: leftIsSmaller ? smaller : histogram,
  });
  const right = addLeaf(growth, {
    start: middle,
    end,
    depth: depth + 1,
    gradients: leaf.gradients - gradients,
    packed: leaf.packed - packed,
    histogram: leftIsSmaller ? histogram : smaller,
  });
  const threshold = growth.x.thresholds[feature]![bin]!;
  Object.assign(growth.nodes[leaf.node]!, { feature, threshold, left: left.node, right: right.node });
  growth.gain[feature]! += gain;
  return [left, right];
}

/** Zeroed, kept from tree to tree. */
function histogramFor({ histograms, histogramLength }: Growth, leaf: number): Float64Array {
  histograms[leaf] ??= new Float64Array(histogramLength);
  return histograms[leaf]!.fill(0);
}

/** The hot loop: each row adds to one bin of each column. */
function addUp(
  { x, order, offsets, gradients, packed }: Growth,
  start: number,
  end: number,
  outHistogram: Float64Array,
) {
  const { bins, cols } = x;
  for (let i = start; i < end; i++) {
    const row = order[i]!;
    const g = gradients[row]!;
    const p = packed[row]!;
    for (let j = 0, at = row * cols; j < cols; j++, at++) {
      const slot = 2 * (offsets[j]! + bins[at]!);
      outHistogram[slot]! += g;
      outHistogram[slot + 1]! += p;
    }
  }
}

/** The split that gains most, the first of equals; null if none is allowed. */
function findSplit(growth: Growth, leaf: Leaf): Split | null {
  const { limits, units, offsets } = growth;
  const { histogram } = leaf;
  const whole = worth(leaf.gradients, leaf.packed, growth);
  const rowsMax = Math.floor(leaf.packed / units.row) - limits.rowsInLeaf;
  let best: Split | null = null;
  let bestGain = limits.gainMin;
  for (const feature of growth.features) {
    let gradients = 0;
    let packed = 0;
    for (let slot = offsets[feature]!, end = offsets[feature + 1]! - 1; slot < end; slot++) {
      if (histogram[2 * slot + 1] === 0) continue;
      gradients += histogram[2 * slot]!;
      packed += histogram[2 * slot + 1]!;
      const rows = Math.floor(packed / units.row);
      if (rows < limits.rowsInLeaf) continue;
      if (rows > rowsMax) break;
      const left = worth(gradients, packed, growth);
      const right = worth(leaf.gradients - gradients, leaf.packed - packed, growth);
      const gain = left + right - whole;
      if (gain > bestGain) {
        bestGain = gain;
        best = { feature, bin: slot - offsets[feature]!, gradients, packed, gain };
      }
    }
  }
  return best;
}

/** How much a leaf lessens twice the loss; −∞ if the curvature is too small for a leaf of its own. */
function worth(gradients: number, packed: number, { units, limits }: Growth): number {
  const curvature = curvatureOf(packed, units);
  if (curvature < limits.curvatureInLeaf) return -Infinity;
  const gradient = Math.abs(gradients * units.gradient);
  const bend = curvature + limits.lambda;
  if (gradient > limits.stepMax * bend) return (2 * gradient - bend * limits.stepMax) * limits.stepMax;
  return (gradient * gradient) / bend;
}

/** The step of a leaf, before the learning rate; 0 where nothing curves and so nothing says how far. */
function stepOf(gradients: number, packed: number, { units, limits }: Growth): number {
  const bend = curvatureOf(packed, units) + limits.lambda;
  const step = bend > 0 ? (-gradients * units.gradient) / bend : 0;
  return Math.min(Math.max(step, -limits.stepMax), limits.stepMax);
}

function curvatureOf(packed: number, units: Units): number {
  return (packed - Math.floor(packed / units.row) * units.row) * units.curvature;
}

/** Moves the rows of `start..end` that go left before the others, each in their order. Returns where the others begin. */
function partition({ x, order, spare }: Growth, start: number, end: number, feature: number, bin: number): number {
  const { bins, cols } = x;
  let left = start;
  let right = 0;
  for (let i = start; i < end; i++) {
    const row = order[i]!;
    if (bins[row * cols + feature]! <= bin) order[left++] = row;
    else spare[right++] = row;
  }
  order.set(spare.subarray(0, right), left);
  return left;
}

function finish(growth: Growth, leaves: readonly Leaf[], output: number, outSums: Float64Array): GrownTree {
  const { nodes, limits, order } = growth;
  const value = new Float64Array(nodes.length);
  for (const { node, start, end, gradients, packed } of leaves) {
    value[node] = limits.learningRate * stepOf(gradients, packed, growth);
    for (let i = start; i < end; i++) outSums[order[i]!]! += value[node]!;
  }
  return { tree: toTree(nodes, output, value), gain: growth.gain };
}

function binOffsets({ cols, thresholds }: BinnedColumns): Uint32Array {
  const offsets = new Uint32Array(cols + 1);
  for (let j = 0; j < cols; j++) offsets[j + 1] = offsets[j]! + thresholds[j]!.length + 1;
  return offsets;
}
