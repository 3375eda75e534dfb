/**
 * Goes on with a transfer that broke off.
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";

/** Attempts in a row that may bring nothing before the transfer is given up. */
const fruitlessAttempts = 5;
const firstPauseMs = 200;

export interface ResumeOptions {
  /** Moves bytes; it is called again after a failure. */
  readonly attempt: () => Promise<void>;
  /** How far the transfer has come; whoever gets further may go on for ever. */
  readonly progress: () => number;
  readonly isRetryable: (error: unknown) => boolean;
}

/** Repeats `attempt` until it succeeds, with growing pauses while nothing moves. */
export async function resume({ attempt, progress, isRetryable }: ResumeOptions): Promise<void> {
  for (let fruitless = 0, reached = progress(); ; ) {
    try {
      return await attempt();
    } catch (error) {
      const now = progress();
      fruitless = now > reached ? 1 : fruitless + 1;
      reached = Math.max(reached, now);
      if (!isRetryable(error) || fruitless >= fruitlessAttempts) throw error;
      await pause(firstPauseMs * 2 ** (fruitless - 1));
    }
  }
}
