/**
 * One job, from the worker's side: claims it, gives it to a child process, keeps the claim alive, passes on progress, log
 * and the wish to cancel, and says how it ended. Safe to run twice: the registry lets one claim through.
 * @module
 */
import { toBinary } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { AttemptEnd, type ClaimJobResponse } from "@mintmark/proto/mintmark/training/v1/attempt_service";
import { JobSchema } from "@mintmark/proto/mintmark/training/v1/job";
import { reasonOf } from "@mintmark/registry-client";
import { type Attempt, keepAttempt } from "./attempt.ts";
import { keepCheckpoints } from "./checkpoint/keep-checkpoints.ts";
import type { ChildOutcome } from "./child/training-child.ts";
import type { JobRunnerDeps } from "./job-runner-deps.ts";
import { repeated } from "./retry.ts";

/** Resolves when there is nothing left to do for this delivery, whatever became of the job. */
export async function runJob(deps: JobRunnerDeps, runId: string): Promise<void> {
  const claim = await claimJob(deps, runId);
  if (claim === undefined) return;
  const log = deps.log.child({ run: runId });
  log.info({ model: claim.job?.model, attempt: claim.job?.attempts }, "job claimed");
  const attempt = keepAttempt(deps, runId, claim.attemptToken);
  try {
    await execute(deps, attempt, claim);
  } catch (error) {
    // Another worker has the job, or this one is going away and the registry too; the claim lapses then.
    log.warn({ error }, "job given up");
  } finally {
    attempt.close();
    deps.children.refill();
  }
}

async function claimJob({ registry, worker, leaseMs, log, stopping }: JobRunnerDeps, runId: string) {
  const call = () => registry.attempts.claimJob({ runId, worker, lease: durationFromMs(leaseMs) });
  try {
    return await repeated(call, { forMs: patienceMs, signal: stopping });
  } catch (error) {
    if (stopping.aborted) return undefined;
    // It has ended, or another worker has it: nothing to do for this delivery.
    if (error instanceof ConnectError && reasonOf(error) !== undefined) {
      log.info({ run: runId, reason: reasonOf(error) }, "job not taken");
      return undefined;
    }
    throw error;
  }
}

const patienceMs = 60_000;

async function execute(deps: JobRunnerDeps, attempt: Attempt, claim: ClaimJobResponse): Promise<void> {
  // An attempt before this one was cut off after it had registered the version.
  if (claim.job?.version) return attempt.end(AttemptEnd.FINISHED);
  const outcome = await trainInChild(deps, attempt, claim);
  if (attempt.isLost()) return;
  if (outcome.type === "finished") return attempt.end(AttemptEnd.FINISHED);
  if (attempt.isCancelled()) return attempt.end(AttemptEnd.CANCELLED);
  if (deps.stopping.aborted) return attempt.end(AttemptEnd.RELEASED);
  return attempt.end(AttemptEnd.FAILED, outcome.failure);
}

async function trainInChild(deps: JobRunnerDeps, attempt: Attempt, claim: ClaimJobResponse): Promise<ChildOutcome> {
  const { attemptToken, checkpointBlake3: checkpoint } = claim;
  const runId = claim.job?.run?.id ?? "";
  const keeper = keepCheckpoints({ registry: deps.registry, runId, attemptToken, onLog: attempt.log });
  const child = deps.children.take();
  attempt.onEnd({ stop: child.stop, kill: child.kill });
  if (deps.stopping.aborted) child.stop();
  deps.stopping.addEventListener("abort", child.stop, { once: true });
  try {
    return await child.run({
      job: toBinary(JobSchema, claim.job!),
      attemptToken,
      checkpoint,
      onProgress: attempt.progress,
      onLog: attempt.log,
      onCheckpoint: keeper.offer,
    });
  } finally {
    deps.stopping.removeEventListener("abort", child.stop);
    await keeper.close();
  }
}
