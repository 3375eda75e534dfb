/**
 * Which blobs a store has, found by asking for the size of each: many at once, but not too many.
 * @module
 */
import { eachLimited } from "@mintmark/async/each-limited";
import type { KnownBlob } from "./blob-store.ts";

/**
 * Those of `wanted` that have the size that they have to have; fails as `eachLimited` does.
 * @param atOnce how many may be under way at a time
 */
export async function presentOf(
  wanted: readonly KnownBlob[],
  atOnce: number,
  size: (blake3: string) => Promise<number | undefined>,
): Promise<Set<string>> {
  const present = new Set<string>();
  await eachLimited(wanted, atOnce, async ({ blake3, size: expected }) => {
    if ((await size(blake3)) === expected) present.add(blake3);
  });
  return present;
}
