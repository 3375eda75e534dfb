/**
 * Several waits at once, but not too many.
 * @module
 */

/**
 * Runs `visit` on each item, at most `limit` at a time. After a failure no other is begun; it is thrown once those under
 * way have ended, so that nobody is still at work on what the caller then cleans up.
 */
export async function eachLimited<T>(
  items: readonly T[],
  limit: number,
  visit: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const failures: unknown[] = [];
  const lane = async () => {
    for (const item of queue) {
      if (failures.length > 0) return;
      await visit(item).catch((error: unknown) => void failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  if (failures.length > 0) throw failures[0];
}
