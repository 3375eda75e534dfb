/**
 * A child that is kept started and warmed up, so that a job begins to train at once and not after a second of loading.
 * @module
 */
import { startTrainingChild, type TrainingChild } from "./training-child.ts";

export interface WarmChild {
  /** A child for one job: the warm one, or a new one if that is taken. */
  readonly take: () => TrainingChild;
  /** Starts a warm one if there is none: to be called when a job has ended, not beside it, where it would take its processor. */
  readonly refill: () => void;
  readonly close: () => void;
}

export function keepWarmChild(onOutput: (text: string) => void): WarmChild {
  let warm: TrainingChild | undefined;
  let isClosed = false;
  const refill = () => {
    if (!isClosed && (warm === undefined || warm.hasEnded())) warm = startTrainingChild(onOutput);
  };
  refill();
  return {
    take: () => {
      refill();
      const child = warm ?? startTrainingChild(onOutput);
      warm = undefined;
      return child;
    },
    refill,
    close: () => {
      isClosed = true;
      warm?.kill();
    },
  };
}
