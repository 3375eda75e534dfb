/**
 * From scores to class probabilities, in operations that IEEE 754 fixes and in a fixed order:
 * model.onnx holds the same operations, so both give the same bits.
 * @module
 */
import { exp } from "./exp.ts";

/**
 * Probabilities of two classes from the score of class 1, each without cancellation: [1 − σ(score), σ(score)],
 * written to `out[at]` and `out[at + 1]`.
 */
export function logistic(score: number, out: Float64Array, at: number): void {
  const e = exp(-Math.abs(score));
  const likely = 1 / (1 + e);
  const unlikely = e / (1 + e);
  const positive = score >= 0;
  out[at] = positive ? unlikely : likely;
  out[at + 1] = positive ? likely : unlikely;
}

/** Replaces the `classes` scores in `out` from `at` on by their probabilities. */
export function softmax(out: Float64Array, at: number, classes: number): void {
  let largest = out[at]!;
  for (let k = at + 1; k < at + classes; k++) largest = Math.max(largest, out[k]!);
  let sum = 0;
  for (let k = at; k < at + classes; k++) {
    const e = exp(out[k]! - largest);
    out[k] = e;
    sum += e;
  }
  for (let k = at; k < at + classes; k++) out[k] = out[k]! / sum;
}
