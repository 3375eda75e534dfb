/**
 * RPC face of attempts, for workers: messages in, messages out.
 * @module
 */
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { AttemptService, ClaimJobRequest } from "@mintmark/proto/mintmark/training/v1/attempt_service";
import { currentCaller } from "../caller.ts";
import { announce } from "../events/announce.ts";
import { invalid, requireText } from "../fields.ts";
import { attemptOf } from "./attempt.ts";
import { claimJob } from "./claim-job.ts";
import { endAttempt } from "./end-attempt.ts";
import { findJob } from "./find-job.ts";
import { heartbeat } from "./heartbeat.ts";
import type { JobDeps } from "./job-deps.ts";
import { appendLogs } from "./job-logs.ts";
import { putArtifacts } from "./put-artifacts.ts";
import { saveCheckpoint } from "./save-checkpoint.ts";

export function attemptService(deps: JobDeps): ServiceImpl<typeof AttemptService> {
  const { db } = deps;
  return {
    async claimJob({ runId, worker, lease }, context) {
      requireText("worker", worker, 250);
      const { event, job, attemptToken, checkpoint } = await claimJob(db, { runId, worker, leaseMs: leaseMs(lease) });
      await announce(context, db, event);
      return { job, attemptToken, checkpointBlake3: checkpoint };
    },
    async heartbeat({ progress, ...attempt }) {
      return { cancelRequested: await heartbeat(db, attemptOf(attempt), progress) };
    },
    async appendLogs({ lines, ...attempt }) {
      await appendLogs(db, attemptOf(attempt), lines);
      return {};
    },
    async saveCheckpoint({ blake3, ...attempt }) {
      await saveCheckpoint(db, attemptOf(attempt), blake3);
      return {};
    },
    async putArtifacts({ files, ...attempt }, context) {
      await putArtifacts(db, attemptOf(attempt), { files, actor: currentCaller(context).name });
      return {};
    },
    async endAttempt({ end, error, ...attempt }, context) {
      const actor = currentCaller(context).name;
      await announce(context, db, await endAttempt(deps, { attempt: attemptOf(attempt), end, error, actor }));
      return { job: await findJob(db, attempt.runId) };
    },
  };
}

const defaultLeaseMs = 60_000;

function leaseMs(lease: ClaimJobRequest["lease"]): number {
  if (lease === undefined) return defaultLeaseMs;
  const milliseconds = durationMs(lease);
  if (milliseconds < 1_000 || milliseconds > 600_000)
    throw invalid("lease", `must be 1 s to 10 min, got ${milliseconds} ms`);
  return milliseconds;
}
