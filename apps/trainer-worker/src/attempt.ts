/**
 * The worker's hold on a job: renews the claim, reports progress and log with each renewal, and hears of a cancellation
 * or that the job is somebody else's by now. No outage of the registry ends a job; it goes on and is reported later.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type AttemptEnd, AttemptEndSchema } from "@mintmark/proto/mintmark/training/v1/attempt_service";
import {
  JobErrorSchema,
  type LogLine,
  LogLineSchema,
  type Progress,
  ProgressSchema,
} from "@mintmark/proto/mintmark/training/v1/job";
import type { ChildLogLine, StepProgress } from "./child/messages.ts";
import { type Failure, isAttemptLost } from "./failure.ts";
import type { JobRunnerDeps } from "./job-runner-deps.ts";
import { repeated } from "./retry.ts";

export interface Attempt {
  readonly progress: (progress: StepProgress) => void;
  readonly log: (line: ChildLogLine) => void;
  /** Whom to tell that the job is to end: `stop` when it was cancelled, `kill` when another worker has it. */
  readonly onEnd: (child: { readonly stop: () => void; readonly kill: () => void }) => void;
  readonly isCancelled: () => boolean;
  readonly isLost: () => boolean;
  /** Says how it ended, for as long as it takes until the registry has heard it. */
  readonly end: (end: AttemptEnd, failure?: Failure) => Promise<void>;
  readonly close: () => void;
}

export function keepAttempt(deps: JobRunnerDeps, runId: string, attemptToken: string): Attempt {
  const { registry, heartbeatMs, stopping } = deps;
  const lines: LogLine[] = [];
  let latest: Progress | undefined;
  let child: { stop: () => void; kill: () => void } | undefined;
  let isCancelled = false;
  let isLost = false;
  let beating: Promise<void> | undefined;
  let isBeatDue = false;

  const flushLines = async () => {
    while (lines.length > 0) {
      const batch = lines.slice(0, maxLines);
      await registry.attempts.appendLogs({ runId, attemptToken, lines: batch });
      lines.splice(0, batch.length);
    }
  };
  const beatOnce = async () => {
    const options = { timeoutMs: Math.max(heartbeatMs, 5_000) };
    const request = { runId, attemptToken, ...(latest === undefined ? {} : { progress: latest }) };
    try {
      const { cancelRequested } = await registry.attempts.heartbeat(request, options);
      await flushLines();
      if (!cancelRequested || isCancelled) return;
      isCancelled = true;
      child?.stop();
    } catch (error) {
      if (!isAttemptLost(error)) return deps.log.debug({ error, run: runId }, "heartbeat not delivered");
      isLost = true;
      child?.kill();
    }
  };
  /** One heartbeat at a time; one that becomes due meanwhile follows at once. */
  const beat = () => {
    isBeatDue = true;
    beating ??= (async () => {
      while (isBeatDue) {
        isBeatDue = false;
        await beatOnce();
      }
      beating = undefined;
    })();
  };
  const timer = setInterval(beat, heartbeatMs);

  return {
    progress: (progress) => {
      const isNewStep = progress.step !== latest?.step;
      latest = toProgress(progress);
      if (isNewStep) beat();
    },
    log: (line) => {
      if (lines.length < maxBuffered) lines.push(toLogLine(line));
    },
    onEnd: (ending) => {
      child = ending;
      if (isLost) child.kill();
      else if (isCancelled) child.stop();
    },
    isCancelled: () => isCancelled,
    isLost: () => isLost,
    end: async (end, failure) => {
      clearInterval(timer);
      await beating;
      if (isLost) return;
      const error = failure === undefined ? {} : { error: create(JobErrorSchema, failure) };
      // Going away, the worker has seconds; otherwise it waits for the registry, as the result is all that is left to do.
      const patience = {
        forMs: stopping.aborted ? 2_000 : Number.POSITIVE_INFINITY,
        signal: new AbortController().signal,
      };
      await repeated(flushLines, patience);
      await repeated(() => registry.attempts.endAttempt({ runId, attemptToken, end, ...error }), patience);
      deps.log.info({ run: runId, end: AttemptEndSchema.value[end]?.name, ...failure }, "job ended");
    },
    close: () => clearInterval(timer),
  };
}

const maxLines = 1_000;
/** Beyond it, lines are dropped: a registry that is away for long must not fill the worker's memory. */
const maxBuffered = 10_000;

function toProgress({ step, iteration, iterations, loss, remainingSeconds }: StepProgress): Progress {
  return create(ProgressSchema, {
    step,
    iteration,
    iterations,
    time: timestampFromMs(Date.now()),
    ...(loss === undefined ? {} : { loss }),
    ...(remainingSeconds === undefined ? {} : { remainingSeconds }),
  });
}

function toLogLine({ time, level, text }: ChildLogLine): LogLine {
  return create(LogLineSchema, { time: timestampFromMs(time), level, text });
}
