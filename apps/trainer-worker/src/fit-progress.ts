/**
 * The port through which a running fit speaks: reports progress, keeps the loss, and ends a fit that nobody waits for.
 * A fit holds its thread, so all of this happens inside its calls.
 * @module
 */
import type { CheckpointPort, FitPort } from "@mintmark/ml-core/base/fit-port";
import type { FitState, LossPoint } from "./checkpoint/fit-state.ts";
import type { StepProgress } from "./child/messages.ts";

export interface FitProgress extends FitPort {
  /** The loss after some of the iterations, evenly spread, the last among them. */
  readonly losses: () => readonly LossPoint[];
}

export interface FitProgressOptions {
  readonly report: (progress: StepProgress) => void;
  /** Throws if the fit is to end; asked as often as progress is reported. */
  readonly requireWanted: () => void;
  /** Absent where a fit that is cut off begins anew. */
  readonly states?: FitStates | undefined;
}

export interface FitStates {
  /** Where an earlier attempt was cut off; undefined to begin at the beginning. */
  readonly resumeFrom: FitState | undefined;
  readonly keep: (state: FitState) => void;
}

export function watchFit({ report, requireWanted, states }: FitProgressOptions): FitProgress {
  const start = performance.now();
  const first = states?.resumeFrom?.fit.iterations ?? 0;
  const points: LossPoint[] = [...(states?.resumeFrom?.losses ?? [])];
  let reported = Number.NEGATIVE_INFINITY;
  return {
    iteration: (done, of, loss) => {
      if (loss !== undefined && (done % Math.ceil(of / maxPoints) === 0 || done === of))
        points.push({ iteration: done, loss, time: Date.now() });
      const now = performance.now();
      if (now - reported < reportEveryMs && done !== of) return;
      reported = now;
      requireWanted();
      const remainingSeconds = ((now - start) / 1_000 / (done - first)) * (of - done);
      report({ step: "fit", iteration: done, iterations: of, loss, remainingSeconds });
    },
    losses: () => points,
    ...(states === undefined ? {} : { checkpoints: paced(states, points, start) }),
  };
}

/** Keeps a state when what would be lost is worth it: seconds, and of a long fit a share of its time so far. */
function paced({ resumeFrom, keep }: FitStates, points: readonly LossPoint[], start: number): CheckpointPort {
  let kept = start;
  return {
    resumeFrom: resumeFrom?.fit,
    isWanted: () => {
      const now = performance.now();
      return now - kept >= Math.max(keepEveryMs, keepEveryShare * (now - start));
    },
    save: (fit) => {
      keep({ fit, losses: points });
      kept = performance.now();
    },
  };
}

const maxPoints = 500;
const reportEveryMs = 1_000;
const keepEveryMs = 2_000;
/** States grow with the fit; so all of them together stay a small multiple of the last. */
const keepEveryShare = 0.05;
