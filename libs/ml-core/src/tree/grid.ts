/**
 * Leaf values on a grid 2^-q, so that float32 sums over all trees are exact and the same in any order: a runtime may add
 * the trees in whatever order its threads like.
 *
 * A sum of multiples of 2^-q is exact in float32 as long as no partial sum exceeds 2^24 grid steps; that holds if the
 * largest |leaf| of each tree and |base| together do. q is the largest that keeps to it, so the error of rounding a
 * leaf is at most 2^-24 of the largest possible sum.
 * @module
 */
import type { Tree } from "../base/estimator.ts";
import type { ExactTree } from "../base/grown-tree.ts";

/** Rounds leaves and base to the finest grid on which their sums are exact. */
export function placeOnGrid(
  trees: readonly ExactTree[],
  base: readonly number[],
): { readonly trees: Tree[]; readonly base: Float32Array } {
  const q = gridExponent(trees, base);
  const onGrid = (values: ArrayLike<number>) =>
    Float32Array.from(values, (value) => Math.round(value * 2 ** q) * 2 ** -q + 0);
  return { trees: trees.map((tree) => ({ ...tree, value: onGrid(tree.value) })), base: onGrid(base) };
}

/** Finer than this the steps themselves would not be normal float32 numbers. */
const Q_MAX = 126;
/** Coarser than this 2^24 steps would exceed float32. */
const Q_MIN = -103;
const STEPS_MAX = 2 ** 24;

/**
 * The largest q with Σ |value| · 2^q <= 2^24 for each output, the sum being over base and the largest leaf of each tree.
 * @throws RangeError if the sums do not fit float32 at all.
 */
export function gridExponent(trees: readonly ExactTree[], base: readonly number[]): number {
  const largest = largestTerms(trees, base);
  for (let q = Q_MAX; q >= Q_MIN; q--) if (largest.every((terms) => steps(terms, q) <= STEPS_MAX)) return q;
  throw new RangeError(`"y" expected values whose sums over ${trees.length} trees are below 1.7e38`);
}

/** For each output, |base| and the largest |leaf| of each tree that adds to it. */
function largestTerms(trees: readonly ExactTree[], base: readonly number[]): number[][] {
  const terms = base.map((value) => [Math.abs(value)]);
  for (const { output, value } of trees) {
    const largest = value.reduce((most, leaf) => Math.max(most, Math.abs(leaf)), 0);
    if (output >= 0) terms[output]!.push(largest);
    else for (const sum of terms) sum.push(largest);
  }
  return terms;
}

function steps(terms: readonly number[], q: number): number {
  return terms.reduce((sum, term) => sum + Math.round(term * 2 ** q), 0);
}
