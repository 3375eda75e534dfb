/**
 * Repeats a call while the other side is away, such as a registry that is started again in the middle of a job.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { isWorthRepeating } from "./failure.ts";

export interface Patience {
  /** How long to go on, in milliseconds. */
  readonly forMs: number;
  readonly signal: AbortSignal;
}

/** The answer of the first call that succeeds, or the error of the last one: one that no repetition helps, or patience ran out. */
export async function repeated<T>(call: () => Promise<T>, { forMs, signal }: Patience): Promise<T> {
  const end = performance.now() + forMs;
  for (let pause = firstPauseMs; ; pause = Math.min(2 * pause, longestPauseMs)) {
    signal.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      signal.throwIfAborted();
      if (!isWorthRepeating(error) || performance.now() + pause > end) throw error;
    }
    await sleep(pause, undefined, { signal });
  }
}

const firstPauseMs = 100;
const longestPauseMs = 3_000;
