/**
 * Runs the steps of a job one after the other: says which one it is in, how long each took, and ends between two of them
 * if the job is to end.
 * @module
 */
import type { StepName } from "./child/messages.ts";

export interface StepClock {
  readonly run: <T>(step: StepName, work: () => T | Promise<T>) => Promise<T>;
  /** `step/load_seconds` … of the steps so far, and `step/peak_memory_mb` of the process. */
  readonly metrics: () => Record<string, number>;
}

export function startClock(onStep: (step: StepName) => void, signal: AbortSignal): StepClock {
  const seconds = new Map<StepName, number>();
  return {
    run: async (step, work) => {
      signal.throwIfAborted();
      onStep(step);
      const start = performance.now();
      const result = await work();
      seconds.set(step, (seconds.get(step) ?? 0) + (performance.now() - start) / 1_000);
      return result;
    },
    metrics: () => ({
      ...Object.fromEntries([...seconds].map(([step, value]) => [`step/${step}_seconds`, value])),
      // In kilobytes on every system that Node knows.
      "step/peak_memory_mb": process.resourceUsage().maxRSS / 1_024,
    }),
  };
}
