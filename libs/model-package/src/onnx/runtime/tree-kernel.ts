/**
 * TreeEnsembleRegressor: sums of leaf values in float32.
 * @module
 */
import { matrixOf } from "./matrix-kernels.ts";
import type { Kernel, OnnxNode } from "./node.ts";
import { allocate } from "./tensor.ts";

export function treeEnsembleRegressor(node: OnnxNode): Kernel {
  node.requireText("aggregate_function", "SUM");
  node.requireText("post_transform", "NONE");
  const outputs = node.integer("n_targets");
  const base = node.floats("base_values");
  if (outputs < 1 || (base.length !== 0 && base.length !== outputs))
    throw node.invalid(`expected ${outputs} base values, got ${base.length}`);
  const forest = readForest(node, outputs);
  const features = 1 + forest.feature.reduce((most, feature) => Math.max(most, feature), -1);
  return ([input]) => {
    const x = matrixOf(node, input);
    const [rows = 0, cols = 0] = x.dims;
    if (x.type !== "float") throw node.unsupported(`an input of ${x.type}`);
    if (cols < features) throw node.invalid(`tests feature ${features - 1} of ${cols}`);
    const out = allocate("float", [rows, outputs]);
    addTrees(forest, x.data as Float32Array, rows, cols, outputs, out.data as Float32Array);
    if (base.length > 0) for (let i = 0; i < out.data.length; i++) out.data[i]! += base[i % outputs]!;
    return out;
  };
}

/** All trees in flat arrays. The leaf values of node i are those from `firstWeight[i]` to before `firstWeight[i + 1]`. */
interface Forest {
  readonly roots: Int32Array;
  /** −1 in a leaf. */
  readonly feature: Int32Array;
  readonly threshold: Float32Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly firstWeight: Int32Array;
  readonly output: Int32Array;
  readonly weight: Float32Array;
}

/** Trees outside, rows inside: one tree stays in the cache while the rows pass. NaN goes right. */
function addTrees(
  { roots, feature, threshold, left, right, firstWeight, output, weight }: Forest,
  x: Float32Array,
  rows: number,
  cols: number,
  outputs: number,
  out: Float32Array,
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

function readForest(node: OnnxNode, outputs: number): Forest {
  const nodes = readNodes(node);
  const roots = findRoots(node, nodes);
  return { ...nodes, roots, ...readWeights(node, nodes, outputs) };
}

interface Nodes {
  readonly tree: readonly number[];
  /** By tree and node id, the position in the arrays. */
  readonly position: (tree: number, id: number) => number;
  readonly feature: Int32Array;
  readonly threshold: Float32Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
}

function readNodes(node: OnnxNode): Nodes {
  const tree = node.integers("nodes_treeids");
  const ids = node.integers("nodes_nodeids");
  const modes = node.texts("nodes_modes");
  const features = node.integers("nodes_featureids");
  const thresholds = node.floats("nodes_values");
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

  const feature = new Int32Array(count).fill(-1);
  const left = new Int32Array(count).fill(-1);
  const right = new Int32Array(count).fill(-1);
  for (let i = 0; i < count; i++) {
    if (modes[i] === "LEAF") continue;
    if (modes[i] !== "BRANCH_LEQ") throw node.unsupported(`nodes of mode ${modes[i]}`);
    if (features[i]! < 0 || features[i]! > 0x7fffffff) throw node.invalid(`tests feature ${features[i]}`);
    feature[i] = features[i]!;
    left[i] = position(tree[i]!, lefts[i]!);
    right[i] = position(tree[i]!, rights[i]!);
  }
  return { tree, position, feature, threshold: Float32Array.from(thresholds), left, right };
}

/** One root a tree, from which every node is reached exactly once; so no path is endless. */
function findRoots(node: OnnxNode, { tree, feature, left, right }: Nodes): Int32Array {
  const parents = new Int32Array(tree.length);
  for (let i = 0; i < tree.length; i++)
    if (feature[i]! >= 0) {
      parents[left[i]!]! += 1;
      parents[right[i]!]! += 1;
    }
  const roots: number[] = [];
  for (let i = 0; i < tree.length; i++) {
    if (parents[i]! > 1) throw node.invalid(`has a node of tree ${tree[i]} with ${parents[i]} parents`);
    if (parents[i] === 0) roots.push(i);
  }
  if (new Set(roots.map((root) => tree[root])).size !== roots.length) throw node.invalid("has a tree with two roots");
  let reached = 0;
  const open = [...roots];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    reached++;
    if (feature[at]! >= 0) open.push(left[at]!, right[at]!);
  }
  if (reached !== tree.length) throw node.invalid("has nodes in a cycle");
  return Int32Array.from(roots);
}

function readWeights(node: OnnxNode, { position, feature }: Nodes, outputs: number) {
  const trees = node.integers("target_treeids");
  const ids = node.integers("target_nodeids");
  const targets = node.integers("target_ids");
  const values = node.floats("target_weights");
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
  const weight = new Float32Array(owner.length);
  for (const [w, at] of owner.entries()) {
    const to = next[at]!++;
    output[to] = targets[w]!;
    weight[to] = values[w]!;
  }
  return { firstWeight, output, weight };
}
