/**
 * Growing one classification or regression tree: greedy best splits on exact values (CART).
 *
 * Source: Breiman, Friedman, Olshen & Stone 1984. What a tree learns is, for each row, an amount on one of `width`
 * components: a class is 1 on the component of its label, a value is itself on the only one. Then the Gini criterion and
 * the squared error are one formula: the impurity removed by a split is Σ s²/w of both sides less that of the whole,
 * s being the sums of the components and w the weight of the rows.
 *
 * Cost: each column is sorted once; every node keeps its rows in the order of each column, so a level of the tree
 * takes O(rows · (columns + searched columns · width)).
 * Deterministic: ties go to the column searched first, then to the lower threshold. Random numbers depend on the
 * node's place in the tree only, not on the order of growth.
 * @module
 */

import type { GrownTree } from "../base/grown-tree.ts";
import type { Matrix } from "../base/matrix.ts";
import { type RngKey, split as splitKey } from "../base/rng.ts";
import { countBelow, distinct, thresholdBetween, treeColumns } from "./columns.ts";
import { drawDistinct } from "./draw.ts";
import { leafNode, type TreeNode, toTree } from "./nodes.ts";

/** The columns, each value as its rank among the column's distinct values, and the rows in the order of each column. */
export interface RankedColumns {
  readonly rows: number;
  readonly ranks: readonly Uint32Array[];
  /** By rank, ascending. */
  readonly values: readonly Float64Array[];
  /** Row numbers, ascending by value, equal values by row number. */
  readonly orders: readonly Uint32Array[];
}

export function rankColumns(x: Matrix): RankedColumns {
  const columns = treeColumns(x);
  const values = columns.map((column) => distinct(column).values);
  const ranks = columns.map((column, j) => Uint32Array.from(column, (value) => countBelow(values[j]!, value)));
  const orders = ranks.map((rank, j) => sortByRank(rank, values[j]!.length));
  return { rows: x.rows, ranks, values, orders };
}

/** What the tree learns. */
export interface Goal {
  /** How many components: the classes, or 1 for values. */
  readonly width: number;
  /** For each row its component. */
  readonly component: Int32Array;
  /** For each row what it adds to that component, before its weight. */
  readonly amount: Float64Array;
  readonly criterion: Criterion;
}

/** `squares`: Gini impurity of classes, squared error of values. `entropy`: information gain, of classes only. */
export type Criterion = "squares" | "entropy";

/** When to stop; counts are of rows, whatever their weights. */
export interface Limits {
  readonly depth: number;
  readonly rowsToSplit: number;
  readonly rowsInLeaf: number;
  readonly leaves: number;
  /** How many columns, drawn anew in each node, a split is searched in. */
  readonly searched: number;
}

/**
 * Grows a tree on the rows whose `weight` is not 0; at least one is not.
 * @returns leaves of means, class fractions or one mean, all components in each; gains are the impurity removed
 */
export function growTree(x: RankedColumns, goal: Goal, weight: Int32Array, limits: Limits, key: RngKey): GrownTree {
  const growth = startGrowth(x, goal, weight, limits);
  const frontier: Leaf[] = [];
  const offer = (leaf: Leaf) => {
    leaf.split = findSplit(growth, leaf);
    if (leaf.split !== null) frontier.push(leaf);
  };

  offer(addLeaf(growth, 0, growth.orders[0]!.length, 0, key));
  for (let leaves = 1; leaves < limits.leaves && frontier.length > 0; leaves++)
    for (const child of splitLeaf(growth, takeNext(frontier, limits))) offer(child);
  return finish(growth);
}

interface Growth {
  readonly x: RankedColumns;
  readonly goal: Goal;
  readonly limits: Limits;
  readonly weight: Int32Array;
  /** By row, what it adds to its component: weight · amount. */
  readonly share: Float64Array;
  /** As in `x`, without rows of weight 0; the rows of a node lie together in each. */
  readonly orders: readonly Uint32Array[];
  readonly nodes: Node[];
  readonly gain: Float64Array;
  /** Scratch: by row, whether it goes left in the split at work. */
  readonly goesLeft: Uint8Array;
  /** Scratch: rows that go right, while those that go left are moved together. */
  readonly spare: Uint32Array;
  /** Scratch: sums of the components on either side of a split. */
  readonly leftSums: Float64Array;
  readonly rightSums: Float64Array;
}

interface Node extends TreeNode {
  readonly value: Float64Array;
}

/** A node that may be split: rows `start..end` of each order. */
interface Leaf {
  readonly node: number;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly key: RngKey;
  readonly sums: Float64Array;
  readonly weight: number;
  readonly pure: boolean;
  split: Split | null;
}

interface Split {
  readonly feature: number;
  readonly threshold: number;
  /** How many rows go left. */
  readonly rowsLeft: number;
  readonly gain: number;
}

function startGrowth(x: RankedColumns, goal: Goal, weight: Int32Array, limits: Limits): Growth {
  const orders = x.orders.map((order) => order.filter((row) => weight[row]! > 0));
  return {
    x,
    goal,
    limits,
    weight,
    share: goal.amount.map((amount, row) => amount * weight[row]!),
    orders,
    nodes: [],
    gain: new Float64Array(x.ranks.length),
    goesLeft: new Uint8Array(x.rows),
    spare: new Uint32Array(orders[0]!.length),
    leftSums: new Float64Array(goal.width),
    rightSums: new Float64Array(goal.width),
  };
}

function addLeaf(growth: Growth, start: number, end: number, depth: number, key: RngKey): Leaf {
  const { goal, nodes } = growth;
  const rows = growth.orders[0]!.subarray(start, end);
  const sums = new Float64Array(goal.width);
  let weight = 0;
  let pure = true;
  for (const row of rows) {
    const w = growth.weight[row]!;
    sums[goal.component[row]!]! += growth.share[row]!;
    weight += w;
    pure &&= goal.component[row] === goal.component[rows[0]!] && goal.amount[row] === goal.amount[rows[0]!];
  }
  nodes.push({ ...leafNode(), value: sums.map((sum) => sum / weight) });
  return { node: nodes.length - 1, start, end, depth, key, sums, weight, pure, split: null };
}

/** Last in, first out; if leaves are limited, the leaf whose split removes most, the older of equals. */
function takeNext(frontier: Leaf[], limits: Limits): Leaf {
  if (limits.leaves === Infinity) return frontier.pop()!;
  let best = 0;
  for (let i = 1; i < frontier.length; i++) if (frontier[i]!.split!.gain > frontier[best]!.split!.gain) best = i;
  return frontier.splice(best, 1)[0]!;
}

function splitLeaf(growth: Growth, { node, start, end, depth, key, split }: Leaf): [Leaf, Leaf] {
  const { feature, threshold, rowsLeft, gain } = split!;
  const middle = start + rowsLeft;
  markLeft(growth.orders[feature]!, start, middle, end, growth.goesLeft);
  for (const order of growth.orders) partition(order, start, end, growth.goesLeft, growth.spare);

  const left = addLeaf(growth, start, middle, depth + 1, splitKey(key, 1));
  const right = addLeaf(growth, middle, end, depth + 1, splitKey(key, 2));
  Object.assign(growth.nodes[node]!, { feature, threshold, left: left.node, right: right.node });
  growth.gain[feature]! += gain;
  return [left, right];
}

/**
 * The split that removes most impurity, null if the leaf has to stay one. As in scikit-learn a split that removes
 * nothing is taken too (the parity of two bits needs one), and the search goes on past the allowed number of
 * columns while all of those were constant.
 */
function findSplit(growth: Growth, leaf: Leaf): Split | null {
  const { limits } = growth;
  const rows = leaf.end - leaf.start;
  if (leaf.pure || leaf.depth >= limits.depth) return null;
  if (rows < limits.rowsToSplit || rows < 2 * limits.rowsInLeaf) return null;

  let best: Split | null = null;
  let varying = 0;
  const cols = growth.orders.length;
  const drawn = limits.searched < cols ? drawDistinct(cols, cols, leaf.key) : null;
  for (let i = 0; i < cols && (i < limits.searched || varying === 0); i++) {
    const feature = drawn?.[i] ?? i;
    if (isConstant(growth, feature, leaf)) continue;
    varying++;
    const split = findThreshold(growth, leaf, feature);
    if (split !== null && (best === null || split.gain > best.gain)) best = split;
  }
  return best;
}

function isConstant({ orders, x }: Growth, feature: number, { start, end }: Leaf): boolean {
  const rank = x.ranks[feature]!;
  return rank[orders[feature]![start]!] === rank[orders[feature]![end - 1]!];
}

function findThreshold(growth: Growth, leaf: Leaf, feature: number): Split | null {
  const { x, goal, weight, share, limits, leftSums, rightSums } = growth;
  const { component } = goal;
  const order = growth.orders[feature]!;
  const rank = x.ranks[feature]!;
  const whole = score(goal.criterion, leaf.sums, leaf.weight);
  leftSums.fill(0);
  rightSums.set(leaf.sums);

  let leftWeight = 0;
  let bestGain = -Infinity;
  let bestAt = -1;
  // Rows start..i go left, the others right; between equal values there is nothing to cut.
  for (let i = leaf.start, last = leaf.end - limits.rowsInLeaf; i < last; i++) {
    const row = order[i]!;
    const moved = share[row]!;
    leftSums[component[row]!]! += moved;
    rightSums[component[row]!]! -= moved;
    leftWeight += weight[row]!;
    if (rank[row] === rank[order[i + 1]!] || i + 1 - leaf.start < limits.rowsInLeaf) continue;
    const parts =
      score(goal.criterion, leftSums, leftWeight) + score(goal.criterion, rightSums, leaf.weight - leftWeight);
    if (parts - whole > bestGain) {
      bestGain = parts - whole;
      bestAt = i;
    }
  }
  if (bestAt < 0) return null;
  const below = x.values[feature]![rank[order[bestAt]!]!]!;
  const above = x.values[feature]![rank[order[bestAt + 1]!]!]!;
  return { feature, threshold: thresholdBetween(below, above), rowsLeft: bestAt + 1 - leaf.start, gain: bestGain };
}

/** What is to be made large: the total weight times what is certain. Its growth by a split is the impurity removed. */
function score(criterion: Criterion, sums: Float64Array, weight: number): number {
  let total = 0;
  if (criterion === "squares") {
    for (let k = 0; k < sums.length; k++) total += sums[k]! * sums[k]!;
    return total / weight;
  }
  for (let k = 0; k < sums.length; k++) if (sums[k]! > 0) total += sums[k]! * Math.log2(sums[k]! / weight);
  return total;
}

function markLeft(order: Uint32Array, start: number, middle: number, end: number, outGoesLeft: Uint8Array): void {
  for (let i = start; i < middle; i++) outGoesLeft[order[i]!] = 1;
  for (let i = middle; i < end; i++) outGoesLeft[order[i]!] = 0;
}

/** Moves the rows that go left before those that go right, each in their order. */
function partition(order: Uint32Array, start: number, end: number, goesLeft: Uint8Array, spare: Uint32Array): void {
  let left = start;
  let right = 0;
  for (let i = start; i < end; i++) {
    const row = order[i]!;
    if (goesLeft[row] === 1) order[left++] = row;
    else spare[right++] = row;
  }
  for (let i = 0; i < right; i++) order[left + i] = spare[i]!;
}

function finish({ nodes, gain, goal }: Growth): GrownTree {
  const value = new Float64Array(nodes.length * goal.width);
  nodes.forEach((node, i) => {
    if (node.feature < 0) value.set(node.value, i * goal.width);
  });
  return { tree: toTree(nodes, goal.width === 1 ? 0 : -1, value), gain };
}

/** Row numbers by rank, equal ranks by row number: a counting sort. */
function sortByRank(rank: Uint32Array, ranks: number): Uint32Array {
  const next = new Uint32Array(ranks + 1);
  for (const r of rank) next[r + 1]!++;
  for (let r = 0; r < ranks; r++) next[r + 1]! += next[r]!;
  const order = new Uint32Array(rank.length);
  for (let row = 0; row < rank.length; row++) order[next[rank[row]!]!++] = row;
  return order;
}
