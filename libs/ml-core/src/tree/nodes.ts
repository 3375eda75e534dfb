/**
 * Trees while they grow: a list of nodes, flat arrays in the end.
 * @module
 */
import type { Tree } from "../base/estimator.ts";

/** As in `Tree`, one node. */
export interface TreeNode {
  feature: number;
  threshold: number;
  left: number;
  right: number;
}

export function leafNode(): TreeNode {
  return { feature: -1, threshold: 0, left: -1, right: -1 };
}

/** @param value by node, 0 in inner nodes; a row of values a node if `output` is −1 */
export function toTree(nodes: readonly TreeNode[], output: number, value: Float64Array): Tree {
  return {
    feature: Int32Array.from(nodes, (node) => node.feature),
    threshold: Float64Array.from(nodes, (node) => node.threshold),
    left: Int32Array.from(nodes, (node) => node.left),
    right: Int32Array.from(nodes, (node) => node.right),
    output,
    value,
  };
}
