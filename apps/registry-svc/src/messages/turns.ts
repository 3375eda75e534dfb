/**
 * Turns for work of which only some may be under way at once.
 * @module
 */

export interface Turns {
  /**
   * Waits for a turn, in the order of asking.
   * @returns what gives it back, or `undefined` where there was none within `ms` or `signal` was aborted before
   */
  readonly take: (ms: number, signal: AbortSignal) => Promise<(() => void) | undefined>;
}

export function openTurns(atOnce: number): Turns {
  let free = atOnce;
  const waiting = new Set<() => void>();
  const giveBack = () => {
    const [next] = waiting;
    if (next === undefined) free++;
    else next();
  };
  const take: Turns["take"] = (ms, signal) =>
    new Promise((resolve) => {
      const end = (turn: (() => void) | undefined) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", giveUp);
        waiting.delete(begin);
        resolve(turn);
      };
      const begin = () => end(once(giveBack));
      const giveUp = () => end(undefined);
      const timer = setTimeout(giveUp, ms);
      signal.addEventListener("abort", giveUp);
      if (signal.aborted) giveUp();
      else if (free > 0) {
        free--;
        begin();
      } else waiting.add(begin);
    });
  return { take };
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}
