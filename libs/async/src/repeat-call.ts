/**
 * Repeats a call while the other side is away, such as a registry that is started again.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";

interface Repetition {
  /** Whether the same call may succeed later. */
  readonly isWorthRepeating: (error: unknown) => boolean;
  /** How long to go on after the first failure, in milliseconds: what is lost after a minute's work is worth as much. */
  readonly forMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The answer of the first call that succeeds.
 * @throws the error of the last call, which no repetition helps or which patience does not cover; the reason of the signal
 */
export async function repeatCall<T>(
  call: () => Promise<T>,
  { isWorthRepeating, forMs, signal }: Repetition,
): Promise<T> {
  let end = Number.POSITIVE_INFINITY;
  for (let pause = firstPauseMs; ; pause = Math.min(2 * pause, longestPauseMs)) {
    signal?.throwIfAborted();
    // Not all callers at once when the other side is back.
    const wait = pause * (0.5 + Math.random());
    try {
      return await call();
    } catch (error) {
      signal?.throwIfAborted();
      end = Math.min(end, performance.now() + forMs);
      if (!isWorthRepeating(error) || performance.now() + wait > end) throw error;
    }
    await sleep(wait, undefined, { signal, ref: false });
  }
}

const firstPauseMs = 50;
const longestPauseMs = 1_000;
