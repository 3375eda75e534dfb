/**
 * The port through which a running fit speaks: reports progress, keeps the loss, and ends a fit that nobody waits for.
 * A fit holds its thread, so all of this happens inside its calls.
 * @module
 */
import type { FitPort } from "@mintmark/ml-core/base/fit-port";
import type { StepProgress } from "./child/messages.ts";

export interface FitProgress extends FitPort {
  /** The loss after some of the iterations, evenly spread, the last among them. */
  readonly losses: () => readonly LossPoint[];
}

export interface LossPoint {
  readonly iteration: number;
  readonly loss: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

export interface FitProgressOptions {
  readonly report: (progress: StepProgress) => void;
  /** Throws if the fit is to end; asked as often as progress is reported. */
  readonly requireWanted: () => void;
}

export function watchFit({ report, requireWanted }: FitProgressOptions): FitProgress {
  const start = performance.now();
  const points: LossPoint[] = [];
  let reported = Number.NEGATIVE_INFINITY;
  return {
    iteration: (done, of, loss) => {
      if (loss !== undefined && (done % Math.ceil(of / maxPoints) === 0 || done === of))
        points.push({ iteration: done, loss, time: Date.now() });
      const now = performance.now();
      if (now - reported < reportEveryMs && done !== of) return;
      reported = now;
      requireWanted();
      const remainingSeconds = ((now - start) / 1_000 / done) * (of - done);
      report({ step: "fit", iteration: done, iterations: of, loss, remainingSeconds });
    },
    losses: () => points,
  };
}

const maxPoints = 500;
const reportEveryMs = 1_000;
