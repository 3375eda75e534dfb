/**
 * How a running fit speaks with the outside: the one way for progress, cancellation and checkpoints.
 * @module
 */
import type { GrownTree } from "./grown-tree.ts";

export interface FitPort {
  /**
   * Called once an iteration (a tree, an epoch), after it is complete.
   * Whoever implements it may throw to end the fit; fits let the error through and leave nothing behind.
   */
  readonly iteration: (done: number, of: number, loss?: number) => void;
  /** Absent where nobody would resume. Random forests and gradient boosting use it. */
  readonly checkpoints?: CheckpointPort;
}

/** The clock and the store are the port's: it says when a state is worth keeping. */
export interface CheckpointPort {
  /** From where to go on: what a fit of the same data, params and key had saved. Undefined to begin at the beginning. */
  readonly resumeFrom: Checkpoint | undefined;
  /** Asked after each iteration. */
  readonly isWanted: () => boolean;
  readonly save: (state: Checkpoint) => void;
}

/** An ensemble so far: plain data that nothing changes any more. Going on from it gives the same estimator to the last bit. */
export interface Checkpoint {
  /** How many are complete. */
  readonly iterations: number;
  readonly trees: readonly GrownTree[];
}

/** For a fit that nobody watches. */
export const silentPort: FitPort = { iteration: () => {} };

/** Tells the port that an iteration is complete, and gives it the state if it wants one. */
export function completeIteration(port: FitPort, trees: readonly GrownTree[], at: IterationEnd): void {
  port.iteration(at.done, at.of, at.loss);
  if (at.done < at.of && port.checkpoints?.isWanted())
    port.checkpoints.save({ iterations: at.done, trees: [...trees] });
}

interface IterationEnd {
  readonly done: number;
  readonly of: number;
  readonly loss?: number;
}
