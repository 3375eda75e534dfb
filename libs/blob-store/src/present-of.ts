/**
 * Which blobs a store has, found by asking for the size of each: many at once, but not too many.
 * @module
 */

/**
 * Those of `wanted` that have a size. After a failure no other is asked for; it is thrown once those under way have ended.
 * @param atOnce how many may be under way at a time
 */
export async function presentOf(
  wanted: readonly string[],
  atOnce: number,
  size: (blake3: string) => Promise<number | undefined>,
): Promise<Set<string>> {
  const present = new Set<string>();
  const failures: unknown[] = [];
  const queue = wanted.values();
  const lane = async () => {
    for (const blake3 of queue) {
      if (failures.length > 0) return;
      const found = await size(blake3).catch((error: unknown) => void failures.push(error));
      if (found !== undefined) present.add(blake3);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, wanted.length) }, lane));
  if (failures.length > 0) throw failures[0];
  return present;
}
