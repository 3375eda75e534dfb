/**
 * L-BFGS: minimises a smooth convex function of many variables from its value and gradient.
 *
 * Source: Nocedal & Wright, Numerical Optimization, 2nd ed., algorithms 7.4 and 7.5; line search by bracketing and
 * halving until the weak Wolfe conditions hold (Lewis & Overton 2013, doi:10.1007/s10107-012-0514-2), which on a convex
 * function keeps every curvature s·y positive.
 * Cost: one to two evaluations an iteration, and O(memory · variables).
 * @module
 */
import { dot } from "./moments.ts";

/** Writes the gradient at `point` into `outGradient` and returns the value. */
export type Objective = (point: Float64Array, outGradient: Float64Array) => number;

export interface LbfgsOptions {
  readonly iterationsMax: number;
  /** Ends when no entry of the gradient is larger. */
  readonly gradientTolerance: number;
  readonly onIteration: (done: number, value: number) => void;
}

export interface Minimum {
  readonly point: Float64Array;
  readonly value: number;
  readonly iterations: number;
  /** False if the iterations ran out; true also where the value cannot be told from the least one any more. */
  readonly converged: boolean;
}

/** Corrections kept; 10 is what scipy and scikit-learn use. */
const memory = 10;
// Nocedal & Wright p. 62.
const sufficientDecrease = 1e-4;
const curvature = 0.9;
/** scipy's and scikit-learn's L-BFGS use 64 ε; a few ε gain two more digits of the point and still end. */
const valueRounding = 4 * Number.EPSILON;
/** After so many halvings a step of length 1 has shrunk below the rounding of the point. */
const trialsMax = 60;

export function minimize(objective: Objective, start: Float64Array, options: LbfgsOptions): Minimum {
  const corrections: Correction[] = [];
  let here = evaluate(objective, start);
  let iterations = 0;
  let settled = largest(here.gradient) <= options.gradientTolerance;
  while (iterations < options.iterationsMax && !settled) {
    const next = searchLine(objective, here, descentDirection(here.gradient, corrections));
    // What a step gains drowns in the rounding of the value: there is nothing left to find.
    if (next === undefined || here.value - next.value <= valueRounding * Math.abs(here.value)) {
      settled = true;
      break;
    }
    remember(corrections, here, next);
    here = next;
    iterations += 1;
    options.onIteration(iterations, here.value);
    settled = largest(here.gradient) <= options.gradientTolerance;
  }
  return { point: here.point, value: here.value, iterations, converged: settled };
}

interface Evaluation {
  readonly point: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
}

interface Correction {
  readonly s: Float64Array;
  readonly y: Float64Array;
  readonly sy: number;
}

/** −H·g, with H the inverse Hessian that the corrections imply (the two-loop recursion). */
function descentDirection(gradient: Float64Array, corrections: readonly Correction[]): Float64Array {
  const direction = gradient.map((value) => -value);
  const weights: number[] = [];
  for (const { s, y, sy } of corrections.toReversed()) {
    const weight = dot(s, direction) / sy;
    addScaled(direction, y, -weight);
    weights.push(weight);
  }
  const last = corrections.at(-1);
  // Without corrections: no longer than 1, as nothing is known about the scale yet.
  const scale = last ? last.sy / dot(last.y, last.y) : Math.min(1, 1 / Math.sqrt(dot(gradient, gradient)));
  for (let j = 0; j < direction.length; j++) direction[j]! *= scale;
  for (const { s, y, sy } of corrections) {
    const weight = weights.pop()!;
    addScaled(direction, s, weight - dot(y, direction) / sy);
  }
  return direction;
}

/** A point on the line that satisfies the weak Wolfe conditions; undefined if none lowers the value. */
function searchLine(objective: Objective, from: Evaluation, direction: Float64Array): Evaluation | undefined {
  const slope = dot(from.gradient, direction);
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  let step = 1;
  let best: Evaluation | undefined;
  for (let trial = 0; trial < trialsMax; trial++) {
    const point = from.point.slice();
    addScaled(point, direction, step);
    const there = evaluate(objective, point);
    // Not `>`: an overflow gives NaN.
    if (!(there.value <= from.value + sufficientDecrease * step * slope)) high = step;
    else if (dot(there.gradient, direction) < curvature * slope) {
      best = there;
      low = step;
    } else return there;
    step = high === Number.POSITIVE_INFINITY ? step * 2 : (low + high) / 2;
  }
  return best;
}

function remember(corrections: Correction[], from: Evaluation, to: Evaluation): void {
  const s = to.point.map((value, j) => value - from.point[j]!);
  const y = to.gradient.map((value, j) => value - from.gradient[j]!);
  const sy = dot(s, y);
  // Rounding can make it 0 or less near the end; such a pair would turn the next direction uphill.
  if (!(sy > Number.EPSILON * dot(y, y))) return;
  corrections.push({ s, y, sy });
  if (corrections.length > memory) corrections.shift();
}

function evaluate(objective: Objective, point: Float64Array): Evaluation {
  const gradient = new Float64Array(point.length);
  return { point, value: objective(point, gradient), gradient };
}

function addScaled(target: Float64Array, values: Float64Array, factor: number): void {
  for (let j = 0; j < target.length; j++) target[j]! += factor * values[j]!;
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
