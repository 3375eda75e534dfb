/**
 * Leaf values on a grid 2^-q, so that sums over all trees are exact and the same in any order: a runtime may add the
 * trees in whatever order its threads like.
 *
 * A sum of multiples of 2^-q is exact as long as no partial sum exceeds the whole numbers that the type holds: 2^53 steps
 * in double, 2^24 in float32. That holds if the largest |leaf| of each tree together do. q is the largest that keeps to
 * it, so the error of rounding a leaf is at most 2^-53, or 2^-24, of the largest possible sum. Trees whose leaves add to
 * one sum are added in double; leaves that add to all sums at once exist in ONNX in float32 only, and their values are
 * fractions, for which that is enough.
 * @module
 */
import type { Tree } from "../base/estimator.ts";

/** Rounds leaves to the finest grid on which the sums are exact. */
export function placeOnGrid(trees: readonly Tree[], outputs: number): Tree[] {
  const q = gridExponent(trees, outputs);
  const onGrid = (value: number) => Math.round(value * 2 ** q) * 2 ** -q + 0;
  return trees.map((tree) => ({ ...tree, value: tree.value.map(onGrid) }));
}

interface Grid {
  /** Finer than 2^-finest the steps themselves would not be normal numbers of the type. */
  readonly finest: number;
  /** So many steps are whole numbers of the type, and so is every number below. */
  readonly stepsMax: number;
}

const inDouble: Grid = { finest: 1022, stepsMax: 2 ** 53 - 1 };
const inFloat32: Grid = { finest: 126, stepsMax: 2 ** 24 };

/** The largest q with Σ |value| · 2^q <= stepsMax for each output, the sum being over the largest leaf of each tree. */
export function gridExponent(trees: readonly Tree[], outputs: number): number {
  const { finest, stepsMax } = trees.some(({ output }) => output < 0) ? inFloat32 : inDouble;
  const largest = largestTerms(trees, outputs);
  const sums = largest.map((terms) => terms.reduce((sum, term) => sum + term, 0));
  const most = sums.reduce((most, sum) => Math.max(most, sum), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(most)) throw new Error(`leaf values expected to have a finite sum, got ${most}`);
  // The logarithm may be off by a rounding, and so may the steps of single leaves: hence the search below.
  let q = Math.min(finest, Math.ceil(Math.log2(stepsMax) - Math.log2(most)));
  while (largest.some((terms) => steps(terms, q) > stepsMax)) q--;
  return q;
}

/** For each output, the largest |leaf| of each tree that adds to it. */
function largestTerms(trees: readonly Tree[], outputs: number): number[][] {
  const terms = Array.from({ length: outputs }, (): number[] => []);
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
