/**
 * Long work that lets other requests go first: the gateway has one thread, and resolves must not wait behind a prediction.
 * @module
 */
import { setImmediate } from "node:timers/promises";

export interface Turns {
  /** To be awaited between pieces of work: goes on at once while the turn lasts, and otherwise when the others had theirs. */
  readonly next: () => Promise<void> | undefined;
}

/** Long enough that waiting costs little beside the work, short beside what a caller of a resolve would notice. */
const turnMs = 5;

export function takeTurns(): Turns {
  let began = performance.now();
  return {
    next: () => {
      if (performance.now() - began < turnMs) return undefined;
      return setImmediate().then(() => {
        began = performance.now();
      });
    },
  };
}
