/**
 * Ensembles of trees: sums of leaf values, of features and thresholds in double.
 * @module
 */
import { decodeBytes, decodeDoubles } from "./constant.ts";
import { matrixOf } from "./matrix-kernels.ts";
import type { Kernel, OnnxNode } from "./node.ts";
import { elements, type Tensor } from "./tensor.ts";

/** Of ai.onnx.ml 5: a leaf adds to one sum; sums are double. */
export function treeEnsemble(node: OnnxNode): Kernel {
  node.requireInteger("aggregate_function", SUM);
  node.requireInteger("post_transform", NO_TRANSFORM);
  const outputs = outputsOf(node);
  return sumKernel(node, readSingleLeaves(node, outputs), outputs, (dims, data) => ({ type: "double", dims, data }));
}

/** Of ai.onnx.ml 3: a leaf adds to any number of sums; sums are float, added in double as in onnxruntime. */
export function treeEnsembleRegressor(node: OnnxNode): Kernel {
  node.requireText("aggregate_function", "SUM");
  node.requireText("post_transform", "NONE");
  const outputs = outputsOf(node);
  const toFloat = (dims: readonly number[], data: Float64Array): Tensor => {
    return { type: "float", dims, data: Float32Array.from(data) };
  };
  return sumKernel(node, readSharedLeaves(node, outputs), outputs, toFloat);
}

const SUM = 1;
const NO_TRANSFORM = 0;
const BRANCH_LEQ = 0;

function outputsOf(node: OnnxNode): number {
  const outputs = node.integer("n_targets");
  if (outputs < 1) throw node.invalid(`has ${outputs} sums`);
  return outputs;
}

function sumKernel(
  node: OnnxNode,
  forest: Forest,
  outputs: number,
  tensorOf: (dims: readonly number[], data: Float64Array) => Tensor,
): Kernel {
  const longest = longestWays(forest);
  const features = 1 + forest.feature.reduce((most, feature) => Math.max(most, feature), -1);
  return ([input], budget) => {
    const x = matrixOf(node, input);
    const [rows = 0, cols = 0] = x.dims;
    if (x.type !== "double") throw node.unsupported(`an input of ${x.type}`);
    if (cols < features) throw node.invalid(`tests feature ${features - 1} of ${cols}`);
    const dims = [rows, outputs];
    const sums = new Float64Array(elements(dims));
    budget.spend(rows * longest);
    addTrees(forest, x.data, rows, cols, outputs, sums);
    return tensorOf(dims, sums);
  };
}

/** All trees in flat arrays. The leaf values of node i are those from `firstWeight[i]` to before `firstWeight[i + 1]`. */
interface Forest extends Nodes {
  readonly roots: Int32Array;
  readonly firstWeight: Int32Array;
  readonly output: Int32Array;
  readonly weight: Float64Array;
}

interface Nodes {
  /** −1 in a leaf. */
  readonly feature: Int32Array;
  readonly threshold: Float64Array;
  /** −1 in a leaf. */
  readonly left: Int32Array;
  readonly right: Int32Array;
}

/** How many nodes a row passes at most, in all trees together. */
function longestWays({ roots, feature, left, right }: Forest): number {
  const depths = new Int32Array(feature.length);
  let sum = 0;
  for (const root of roots) {
    let longest = 0;
    const open = [root];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      longest = Math.max(longest, depths[at]! + 1);
      if (feature[at]! < 0) continue;
      for (const child of [left[at]!, right[at]!]) {
        depths[child] = depths[at]! + 1;
        open.push(child);
      }
    }
    sum += longest;
  }
  return sum;
}

/** Trees outside, rows inside: one tree stays in the cache while the rows pass. NaN goes right. */
function addTrees(
  { roots, feature, threshold, left, right, firstWeight, output, weight }: Forest,
  x: Float64Array,
  rows: number,
  cols: number,
  outputs: number,
  out: Float64Array,
): void {
  for (let tree = 0; tree < roots.length; tree++)
    for (let row = 0; row < rows; row++) {
      const from = row * cols;
      let at = roots[tree]!;
      for (let test = feature[at]!; test >= 0; test = feature[at]!)
        at = x[from + test]! <= threshold[at]! ? left[at]! : right[at]!;
      const end = firstWeight[at + 1]!;
      for (let w = firstWeight[at]!; w < end; w++) out[row * outputs + output[w]!]! += weight[w]!;
    }
}

/** Branches come first among the nodes, leaves after them, each in the order of the file. */
function readSingleLeaves(node: OnnxNode, outputs: number): Forest {
  const modes = decodeBytes(node.tensor("nodes_modes"));
  const features = node.integers("nodes_featureids");
  const splits = decodeDoubles(node.tensor("nodes_splits"));
  const trueIds = node.integers("nodes_truenodeids");
  const trueLeaves = node.integers("nodes_trueleafs");
  const falseIds = node.integers("nodes_falsenodeids");
  const falseLeaves = node.integers("nodes_falseleafs");
  const targets = node.integers("leaf_targetids");
  const weight = decodeDoubles(node.tensor("leaf_weights"));
  const branches = modes.length;
  if ([features, splits, trueIds, trueLeaves, falseIds, falseLeaves].some(({ length }) => length !== branches))
    throw node.invalid("has lists of nodes that differ in length");
  if (targets.length !== weight.length) throw node.invalid("has lists of leaf values that differ in length");
  const other = modes.find((mode) => mode !== BRANCH_LEQ);
  if (other !== undefined) throw node.unsupported(`nodes of mode ${other}`);
  requireFeatures(node, features);
  const stranger = targets.find((target) => target < 0 || target >= outputs);
  if (stranger !== undefined) throw node.invalid(`adds to sum ${stranger} of ${outputs}`);

  const position = (id: number, isLeaf: number): number => {
    if (id < 0 || id >= (isLeaf === 0 ? branches : weight.length))
      throw node.invalid(`has no ${isLeaf === 0 ? "node" : "leaf"} ${id}`);
    return isLeaf === 0 ? id : branches + id;
  };
  const count = branches + weight.length;
  const feature = new Int32Array(count).fill(-1);
  const threshold = new Float64Array(count);
  const left = new Int32Array(count).fill(-1);
  const right = new Int32Array(count).fill(-1);
  feature.set(features);
  threshold.set(splits);
  for (let i = 0; i < branches; i++) {
    left[i] = position(trueIds[i]!, trueLeaves[i]!);
    right[i] = position(falseIds[i]!, falseLeaves[i]!);
  }
  const roots = Int32Array.from(node.integers("tree_roots"), (root) => position(root, 0));
  requireTrees(node, { feature, threshold, left, right }, roots);
  const firstWeight = Int32Array.from({ length: count + 1 }, (_, at) => Math.max(0, at - branches));
  return { roots, feature, threshold, left, right, firstWeight, output: Int32Array.from(targets), weight };
}

function readSharedLeaves(node: OnnxNode, outputs: number): Forest {
  const nodes = readNodes(node);
  const roots = findRoots(node, nodes);
  return { ...nodes, roots, ...readWeights(node, nodes, outputs) };
}

interface NumberedNodes extends Nodes {
  readonly tree: readonly number[];
  /** By tree and node id, the position in the arrays. */
  readonly position: (tree: number, id: number) => number;
}

function readNodes(node: OnnxNode): NumberedNodes {
  const tree = node.integers("nodes_treeids");
  const ids = node.integers("nodes_nodeids");
  const modes = node.texts("nodes_modes");
  const features = node.integers("nodes_featureids");
  const thresholds = decodeDoubles(node.tensor("nodes_values_as_tensor"));
  const lefts = node.integers("nodes_truenodeids");
  const rights = node.integers("nodes_falsenodeids");
  const count = tree.length;
  if ([ids, modes, features, thresholds, lefts, rights].some((list) => list.length !== count))
    throw node.invalid("has lists of nodes that differ in length");

  const positions = new Map<number, Map<number, number>>();
  for (let i = 0; i < count; i++) {
    const ofTree = positions.get(tree[i]!) ?? new Map<number, number>();
    positions.set(tree[i]!, ofTree);
    if (ofTree.has(ids[i]!)) throw node.invalid(`has node ${ids[i]} of tree ${tree[i]} twice`);
    ofTree.set(ids[i]!, i);
  }
  const position = (treeId: number, id: number): number => {
    const found = positions.get(treeId)?.get(id);
    if (found === undefined) throw node.invalid(`has no node ${id} in tree ${treeId}`);
    return found;
  };

  requireFeatures(node, features);
  const feature = new Int32Array(count).fill(-1);
  const left = new Int32Array(count).fill(-1);
  const right = new Int32Array(count).fill(-1);
  for (let i = 0; i < count; i++) {
    if (modes[i] === "LEAF") continue;
    if (modes[i] !== "BRANCH_LEQ") throw node.unsupported(`nodes of mode ${modes[i]}`);
    feature[i] = features[i]!;
    left[i] = position(tree[i]!, lefts[i]!);
    right[i] = position(tree[i]!, rights[i]!);
  }
  return { tree, position, feature, threshold: thresholds, left, right };
}

function requireFeatures(node: OnnxNode, features: readonly number[]): void {
  const stranger = features.find((feature) => feature < 0 || feature > 0x7fffffff);
  if (stranger !== undefined) throw node.invalid(`tests feature ${stranger}`);
}

/** One root a tree: its node that has no parent. */
function findRoots(node: OnnxNode, nodes: NumberedNodes): Int32Array {
  const parents = parentsOf(nodes);
  const roots = Int32Array.from(nodes.tree.keys()).filter((at) => parents[at] === 0);
  if (new Set(Array.from(roots, (root) => nodes.tree[root])).size !== roots.length)
    throw node.invalid("has a tree with two roots");
  requireTrees(node, nodes, roots);
  return roots;
}

/** From the roots every node is reached exactly once; so no path is endless. */
function requireTrees(node: OnnxNode, nodes: Nodes, roots: Int32Array): void {
  const parents = parentsOf(nodes);
  for (const root of roots) parents[root]! += 1;
  const shared = parents.findIndex((count) => count > 1);
  if (shared >= 0) throw node.invalid(`has a node to which ${parents[shared]} ways lead`);
  let reached = 0;
  const open = [...roots];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    reached++;
    if (nodes.feature[at]! >= 0) open.push(nodes.left[at]!, nodes.right[at]!);
  }
  if (reached !== nodes.feature.length) throw node.invalid("has nodes that no root leads to");
}

function parentsOf({ feature, left, right }: Nodes): Int32Array {
  const parents = new Int32Array(feature.length);
  for (let i = 0; i < feature.length; i++)
    if (feature[i]! >= 0) {
      parents[left[i]!]! += 1;
      parents[right[i]!]! += 1;
    }
  return parents;
}

function readWeights(node: OnnxNode, { position, feature }: NumberedNodes, outputs: number) {
  const trees = node.integers("target_treeids");
  const ids = node.integers("target_nodeids");
  const targets = node.integers("target_ids");
  const values = decodeDoubles(node.tensor("target_weights_as_tensor"));
  if ([ids, targets, values].some((list) => list.length !== trees.length))
    throw node.invalid("has lists of leaf values that differ in length");

  const owner = trees.map((tree, w) => position(tree, ids[w]!));
  const firstWeight = new Int32Array(feature.length + 1);
  for (const [w, at] of owner.entries()) {
    if (feature[at]! >= 0) throw node.invalid(`has a value at node ${ids[w]} of tree ${trees[w]}, which is no leaf`);
    if (targets[w]! < 0 || targets[w]! >= outputs) throw node.invalid(`adds to sum ${targets[w]} of ${outputs}`);
    firstWeight[at + 1]! += 1;
  }
  for (let i = 0; i < feature.length; i++) firstWeight[i + 1]! += firstWeight[i]!;

  const next = firstWeight.slice();
  const output = new Int32Array(owner.length);
  const weight = new Float64Array(owner.length);
  for (const [w, at] of owner.entries()) {
    const to = next[at]!++;
    output[to] = targets[w]!;
    weight[to] = values[w]!;
  }
  return { firstWeight, output, weight };
}
