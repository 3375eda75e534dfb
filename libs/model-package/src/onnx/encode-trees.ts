/**
 * Trees in the graph: sums of leaf values in float32, which the grid of leaf values makes exact in any order.
 * @module
 */
import type { Tree } from "@mintmark/ml-core/base/estimator";
import { TensorProto_DataType as DataType } from "@mintmark/proto/onnx/onnx";
import type { GraphBuilder, Value } from "./graph-builder.ts";
import { mlDomain } from "./operator-sets.ts";

export interface TreeSum {
  readonly trees: readonly Tree[];
  readonly outputs: number;
  /** Added to each sum; length `outputs`. */
  readonly base: ArrayLike<number>;
  /** Multiplied after the sum. */
  readonly scale: number;
}

/** Scaled sums, float64 `[N, outputs]`, of features float64 `[N, features]`. */
export function encodeTreeSum(graph: GraphBuilder, { trees, outputs, base, scale }: TreeSum, features: Value): Value {
  const x = graph.node("Cast", [features], { attributes: { to: DataType.FLOAT } });
  const nodes = trees.flatMap(nodesOf);
  const weights = trees.flatMap((tree, id) => weightsOf(tree, id, outputs));
  const attributes = {
    aggregate_function: "SUM",
    post_transform: "NONE",
    n_targets: outputs,
    ...(Array.from(base).some((value) => value !== 0) && { base_values: { floats: Array.from(base) } }),
    nodes_treeids: nodes.map(({ tree }) => tree),
    nodes_nodeids: nodes.map(({ node }) => node),
    nodes_modes: nodes.map(({ leaf }) => (leaf ? "LEAF" : "BRANCH_LEQ")),
    nodes_featureids: nodes.map(({ feature }) => feature),
    nodes_values: { floats: nodes.map(({ threshold }) => threshold) },
    nodes_truenodeids: nodes.map(({ left }) => left),
    nodes_falsenodeids: nodes.map(({ right }) => right),
    target_treeids: weights.map(({ tree }) => tree),
    target_nodeids: weights.map(({ node }) => node),
    target_ids: weights.map(({ output }) => output),
    target_weights: { floats: weights.map(({ value }) => value) },
  };
  const sum = graph.node("TreeEnsembleRegressor", [x], { attributes, domain: mlDomain });
  const scaled = scale === 1 ? sum : graph.node("Mul", [sum, graph.float(scale)]);
  return graph.node("Cast", [scaled], { attributes: { to: DataType.DOUBLE } });
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
  for (let node = 0; node < tree.feature.length; node++) {
    if (tree.feature[node]! >= 0) continue;
    if (tree.output >= 0) weights.push({ tree: id, node, output: tree.output, value: tree.value[node]! });
    else weights.push(...sharedLeaf(tree, id, node, outputs));
  }
  return weights;
}

/** A leaf that adds to every sum. Zeros are left out, which makes a forest of many classes several times smaller. */
function sharedLeaf(tree: Tree, id: number, node: number, outputs: number): Weight[] {
  const values = tree.value.subarray(node * outputs, (node + 1) * outputs);
  const all = Array.from(values, (value, output) => ({ tree: id, node, output, value }));
  const some = all.filter(({ value }) => value !== 0);
  return some.length > 0 ? some : all.slice(0, 1);
}
