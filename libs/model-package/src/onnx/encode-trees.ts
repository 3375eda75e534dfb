/**
 * Trees in the graph. Features, thresholds and what follows the sum are double. The sum itself is exact in any order,
 * because leaf values lie on a grid: in double where a leaf adds to one sum (`TreeEnsemble` of ai.onnx.ml 5, which knows
 * no other leaves), in float32 where it adds to all (`TreeEnsembleRegressor` of ai.onnx.ml 3, which knows no other sums).
 * @module
 */
import type { Tree } from "@mintmark/ml-core/base/estimator";
import { TensorProto_DataType as DataType } from "@mintmark/proto/onnx/onnx";
import type { GraphBuilder, Value } from "./graph-builder.ts";
import { mlDomain } from "./operator-sets.ts";

export interface TreeSum {
  readonly trees: readonly Tree[];
  readonly outputs: number;
  /** Multiplied after the sum. */
  readonly scale: number;
  /** Added after that; length `outputs`. */
  readonly base: ArrayLike<number>;
}

/** `sum · scale + base`, float64 `[N, outputs]`, of features float64 `[N, features]`. */
export function encodeTreeSum(graph: GraphBuilder, { trees, outputs, scale, base }: TreeSum, features: Value): Value {
  const sum = trees.some(({ output }) => output < 0)
    ? encodeSharedLeaves(graph, trees, outputs, features)
    : encodeSingleLeaves(graph, trees, outputs, features);
  const scaled = scale === 1 ? sum : graph.node("Mul", [sum, graph.double(scale)]);
  return Array.from(base).every((value) => value === 0) ? scaled : graph.node("Add", [scaled, graph.doubles(base)]);
}

const SUM = 1;
const NO_TRANSFORM = 0;
const BRANCH_LEQ = 0;

/** Inner nodes and leaves are numbered apart, all trees one after the other. */
function encodeSingleLeaves(graph: GraphBuilder, trees: readonly Tree[], outputs: number, features: Value): Value {
  const branches: Branch[] = [];
  const leaves: Leaf[] = [];
  const roots = trees.map((tree) => appendTree(tree, branches, leaves));
  const attributes = {
    aggregate_function: SUM,
    post_transform: NO_TRANSFORM,
    n_targets: outputs,
    tree_roots: roots,
    nodes_modes: { bytes: branches.map(() => BRANCH_LEQ) },
    nodes_featureids: branches.map(({ feature }) => feature),
    nodes_splits: { doubles: branches.map(({ threshold }) => threshold) },
    nodes_truenodeids: branches.map(({ left }) => left.at),
    nodes_trueleafs: branches.map(({ left }) => Number(left.isLeaf)),
    nodes_falsenodeids: branches.map(({ right }) => right.at),
    nodes_falseleafs: branches.map(({ right }) => Number(right.isLeaf)),
    leaf_targetids: leaves.map(({ output }) => output),
    leaf_weights: { doubles: leaves.map(({ value }) => value) },
  };
  return graph.node("TreeEnsemble", [features], { attributes, domain: mlDomain });
}

interface Branch {
  readonly feature: number;
  readonly threshold: number;
  readonly left: Child;
  readonly right: Child;
}

interface Child {
  readonly isLeaf: boolean;
  /** Among the leaves, or among the branches. */
  readonly at: number;
}

interface Leaf {
  readonly output: number;
  readonly value: number;
}

/** Adds a tree's branches in the order of its nodes; returns where its root is. */
function appendTree({ feature, threshold, left, right, output, value }: Tree, branches: Branch[], leaves: Leaf[]) {
  const first = branches.length;
  const addLeaf = (node: number): Child => ({
    isLeaf: true,
    at: leaves.push({ output, value: value[node]! }) - 1,
  });
  // A tree is a branch at least: where nothing is cut, both ways lead to the same value.
  if (feature[0]! < 0) {
    branches.push({ feature: 0, threshold: 0, left: addLeaf(0), right: addLeaf(0) });
    return first;
  }
  let branch = first;
  const position = Array.from(feature, (tested) => (tested < 0 ? -1 : branch++));
  const child = (node: number): Child => (feature[node]! < 0 ? addLeaf(node) : { isLeaf: false, at: position[node]! });
  for (let node = 0; node < feature.length; node++) {
    if (feature[node]! < 0) continue;
    branches.push({
      feature: feature[node]!,
      threshold: threshold[node]!,
      left: child(left[node]!),
      right: child(right[node]!),
    });
  }
  return first;
}

function encodeSharedLeaves(graph: GraphBuilder, trees: readonly Tree[], outputs: number, features: Value): Value {
  const nodes = trees.flatMap(nodesOf);
  const weights = trees.flatMap((tree, id) => weightsOf(tree, id, outputs));
  const attributes = {
    aggregate_function: "SUM",
    post_transform: "NONE",
    n_targets: outputs,
    nodes_treeids: nodes.map(({ tree }) => tree),
    nodes_nodeids: nodes.map(({ node }) => node),
    nodes_modes: nodes.map(({ leaf }) => (leaf ? "LEAF" : "BRANCH_LEQ")),
    nodes_featureids: nodes.map(({ feature }) => feature),
    nodes_values_as_tensor: { doubles: nodes.map(({ threshold }) => threshold) },
    nodes_truenodeids: nodes.map(({ left }) => left),
    nodes_falsenodeids: nodes.map(({ right }) => right),
    target_treeids: weights.map(({ tree }) => tree),
    target_nodeids: weights.map(({ node }) => node),
    target_ids: weights.map(({ output }) => output),
    target_weights_as_tensor: { doubles: weights.map(({ value }) => value) },
  };
  const sum = graph.node("TreeEnsembleRegressor", [features], { attributes, domain: mlDomain });
  return graph.node("Cast", [sum], { attributes: { to: DataType.DOUBLE } });
}

interface TreeNode {
  readonly tree: number;
  readonly node: number;
  readonly leaf: boolean;
  readonly feature: number;
  readonly threshold: number;
  readonly left: number;
  readonly right: number;
}

function nodesOf(tree: Tree, id: number): TreeNode[] {
  return Array.from(tree.feature, (feature, node) => {
    const leaf = feature < 0;
    return {
      tree: id,
      node,
      leaf,
      feature: leaf ? 0 : feature,
      threshold: leaf ? 0 : tree.threshold[node]!,
      left: leaf ? 0 : tree.left[node]!,
      right: leaf ? 0 : tree.right[node]!,
    };
  });
}

interface Weight {
  readonly tree: number;
  readonly node: number;
  readonly output: number;
  readonly value: number;
}

function weightsOf(tree: Tree, id: number, outputs: number): Weight[] {
  const weights: Weight[] = [];
  for (let node = 0; node < tree.feature.length; node++)
    if (tree.feature[node]! < 0) for (const weight of sharedLeaf(tree, id, node, outputs)) weights.push(weight);
  return weights;
}

/** A leaf that adds to every sum. Zeros are left out, which makes a forest of many classes several times smaller. */
function sharedLeaf(tree: Tree, id: number, node: number, outputs: number): Weight[] {
  const values = tree.value.subarray(node * outputs, (node + 1) * outputs);
  const all = Array.from(values, (value, output) => ({ tree: id, node, output, value }));
  const some = all.filter(({ value }) => value !== 0);
  return some.length > 0 ? some : all.slice(0, 1);
}
