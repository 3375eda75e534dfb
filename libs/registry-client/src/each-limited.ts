/**
 * Several transfers at once, but not too many.
 * @module
 */

/** Runs `visit` on each item, at most `limit` at a time; the first failure ends it. */
export async function eachLimited<T>(
  items: readonly T[],
  limit: number,
  visit: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const lane = async () => {
    for (const item of queue) await visit(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
}
