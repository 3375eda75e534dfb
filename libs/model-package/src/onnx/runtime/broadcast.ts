/**
 * Elementwise operations on tensors whose shapes differ as ONNX allows (NumPy's rules).
 * @module
 */
import { invalidModel } from "./tensor.ts";

/** The shape that both are stretched to. */
export function broadcastDims(a: readonly number[], b: readonly number[]): readonly number[] {
  if (sameDims(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a[i - rank + a.length] ?? 1;
    const right = b[i - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1)
      throw invalidModel(`shapes [${a.join(", ")}] and [${b.join(", ")}] do not fit`);
    return left === 1 ? right : left;
  });
}

/**
 * For each element of shape `to`, the element of shape `from` that stands for it; null if they are the same,
 * so that the common case needs no table.
 */
export function broadcastIndex(from: readonly number[], to: readonly number[], count: number): Int32Array | null {
  if (sameDims(from, to)) return null;
  const index = new Int32Array(count);
  if (from.every((size) => size === 1)) return index;
  // One dimension after another, innermost first: each repeats or continues the pattern of those inside it.
  let block = 1;
  let stride = 1;
  for (let i = 1; i <= to.length; i++) {
    const size = to[to.length - i]!;
    const own = from[from.length - i] ?? 1;
    for (let at = block; at < block * size; at++)
      index[at] = index[at % block]! + (own === 1 ? 0 : Math.floor(at / block) * stride);
    block *= size;
    stride *= own;
  }
  return index;
}

export function sameDims(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
