/**
 * e^x and 2^x for x ≤ 0 from additions, multiplications and floor alone.
 *
 * `Math.exp` differs between engines in the last bit, so a probability made with it would too. IEEE 754 fixes every
 * operation used here, so a graph of the same operations (`@mintmark/model-package` writes it into model.onnx) gives the
 * same bits in every runtime. It stays within one unit in the last place of V8's `Math.exp` (measured, 10⁶ points).
 *
 * Method: x = n·ln 2 + r with |r| ≤ ln 2 / 2; e^x = 2^n · e^r; e^r by its Taylor polynomial, whose first left-out term
 * is below 5e-18. ln 2 in two parts (fdlibm, e_exp.c), so that n · ln2High is exact.
 * @module
 */

/** Below this the result is 0: about 3e-308, the end of the normal range. */
export const expLowest = -708;
/** The same end for powers of two. */
export const exp2Lowest = -1021;

export const log2e = Math.LOG2E;
export const ln2 = Math.LN2;
export const ln2High = 6.9314718036912381649e-1;
export const ln2Low = 1.90821492927058770002e-10;

/** 1/k! for k = 13 … 0: the polynomial of e^r in Horner's order. */
export const expCoefficients: readonly number[] = [
  6227020800, 479001600, 39916800, 3628800, 362880, 40320, 5040, 720, 120, 24, 6, 2, 1, 1,
].map((factorial) => 1 / factorial);

/** 2^−n for n = 0 … 1022, each exact. */
export const powersOfHalf: Float64Array = halves(1023);

/** e^x for x ≤ 0; 0 below `expLowest`; NaN for NaN. Larger x is not an argument of it. */
export function expOfNegative(x: number): number {
  if (!(x >= expLowest)) return Number.isNaN(x) ? x : 0;
  const n = Math.floor(x * log2e + 0.5);
  return polynomial(x - n * ln2High - n * ln2Low) * powersOfHalf[-n]!;
}

/** 2^x for x ≤ 0; 0 below `exp2Lowest`; NaN for NaN. Larger x is not an argument of it. */
export function exp2OfNegative(x: number): number {
  if (!(x >= exp2Lowest)) return Number.isNaN(x) ? x : 0;
  const n = Math.floor(x + 0.5);
  return polynomial((x - n) * ln2) * powersOfHalf[-n]!;
}

/**
 * Probabilities of two classes from the score of class 1: [1 − σ(score), σ(score)], each without cancellation.
 * Written into `out` at `at` and `at + 1`.
 */
export function logistic(score: number, out: Float64Array, at: number): void {
  const e = expOfNegative(-Math.abs(score));
  const likely = 1 / (1 + e);
  const unlikely = e / (1 + e);
  const positive = score >= 0;
  out[at] = positive ? unlikely : likely;
  out[at + 1] = positive ? likely : unlikely;
}

/** Replaces the `classes` scores in `out` from `at` on by their probabilities; sums run in the order of the classes. */
export function softmax(out: Float64Array, at: number, classes: number): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = at; k < at + classes; k++) largest = Math.max(largest, out[k]!);
  let sum = 0;
  for (let k = at; k < at + classes; k++) {
    const e = expOfNegative(out[k]! - largest);
    out[k] = e;
    sum = k === at ? e : sum + e;
  }
  for (let k = at; k < at + classes; k++) out[k] = out[k]! / sum;
}

function polynomial(r: number): number {
  let sum = expCoefficients[0]!;
  for (let k = 1; k < expCoefficients.length; k++) sum = sum * r + expCoefficients[k]!;
  return sum;
}

function halves(count: number): Float64Array {
  const powers = new Float64Array(count);
  let power = 1;
  for (let n = 0; n < count; n++) {
    powers[n] = power;
    power /= 2;
  }
  return powers;
}
