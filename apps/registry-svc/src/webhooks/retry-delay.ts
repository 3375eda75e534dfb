/**
 * How long to wait after an attempt that failed.
 * @module
 */

export interface Backoff {
  readonly firstMs: number;
  readonly lastMs: number;
}

/**
 * Doubles from the first to the last; half of it is left to chance, so that what failed together does not come back together.
 * @param attempts how many have been made: 1 or more
 * @param random 0 to 1
 */
export function retryDelayMs(attempts: number, { firstMs, lastMs }: Backoff, random: number): number {
  const full = Math.min(firstMs * 2 ** Math.min(attempts - 1, 30), lastMs);
  return full * (0.5 + random / 2);
}
