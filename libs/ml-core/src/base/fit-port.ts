/**
 * How a running fit speaks with the outside: the one way for progress, cancellation and checkpoints.
 * @module
 */

export interface FitPort {
  /**
   * Called once an iteration (a tree, an epoch), after it is complete.
   * Whoever implements it may throw to end the fit; fits let the error through and leave nothing behind.
   */
  readonly iteration: (done: number, of: number, loss?: number) => void;
}

/** For a fit that nobody watches. */
export const silentPort: FitPort = { iteration: () => {} };
