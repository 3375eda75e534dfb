/**
 * Drawing without replacement.
 * @module
 */
import { type RngKey, uniform } from "../base/rng.ts";

/** `count` different numbers of 0..from−1 in random order (the first steps of Fisher & Yates' shuffle). */
export function drawDistinct(from: number, count: number, key: RngKey): Uint32Array {
  const items = Uint32Array.from({ length: from }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const other = i + Math.floor(uniform(key, i) * (from - i));
    const drawn = items[other]!;
    items[other] = items[i]!;
    items[i] = drawn;
  }
  return items.subarray(0, count);
}
