/**
 * RPC face of jobs, for people and programs that want models trained: messages in, messages out.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { type JobService, WatchJobResponseSchema } from "@mintmark/proto/mintmark/training/v1/job_service";
import { currentCaller } from "../caller.ts";
import { announce } from "../events/announce.ts";
import { requireTags } from "../fields.ts";
import { pageSize } from "../paging.ts";
import { cancelJob, requeueEndedJob } from "./cancel-job.ts";
import { checkJob } from "./check-job.ts";
import { dispatch } from "./dispatch.ts";
import { findJob } from "./find-job.ts";
import type { JobDeps } from "./job-deps.ts";
import { listJobLogs } from "./job-logs.ts";
import { listJobs } from "./list-jobs.ts";
import { submitJob } from "./submit-job.ts";
import { watchJob } from "./watch-job.ts";

export function jobService(deps: JobDeps): ServiceImpl<typeof JobService> {
  const { db } = deps;
  return {
    async submitJob({ configJson, snapshots, idempotencyKey, tags }, context) {
      const actor = currentCaller(context).name;
      const request = { configJson, snapshots, idempotencyKey, tags: requireTags(tags), actor };
      const { id, event } = await submitJob(deps, request);
      await announce(context, db, event);
      return { job: await findJob(db, id) };
    },
    async checkJob({ configJson, snapshots }, { signal }) {
      const ending = AbortSignal.any([signal, deps.closing]);
      const { columns, rows, warnings } = await checkJob(deps, { configJson, snapshots }, ending);
      const counted = columns.map(({ missing, distinct, ...column }) => ({
        ...column,
        missing: BigInt(missing),
        distinct: BigInt(distinct),
      }));
      return { columns: counted, rows: BigInt(rows), warnings: [...warnings] };
    },
    async getJob({ id }) {
      return { job: await findJob(db, id) };
    },
    async listJobs({ statuses, pageSize: size, pageToken: token }) {
      const { jobs, next } = await listJobs(db, { statuses, size: pageSize(size), token });
      return { jobs, nextPageToken: next };
    },
    async *watchJob({ id }, { signal }) {
      for await (const job of watchJob(deps, id, AbortSignal.any([signal, deps.closing])))
        yield create(WatchJobResponseSchema, { job });
    },
    async listJobLogs({ id, pageSize: size, pageToken: token }) {
      const { lines, next } = await listJobLogs(db, { id, size, token });
      return { lines, nextPageToken: next };
    },
    async cancelJob({ id }, context) {
      await announce(context, db, await cancelJob(db, id, currentCaller(context).name));
      return { job: await findJob(db, id) };
    },
    async retryJob({ id }, context) {
      const queueing = await requeueEndedJob(db, id, currentCaller(context).name);
      await dispatch(deps, queueing);
      await announce(context, db, queueing.event);
      return { job: await findJob(db, id) };
    },
  };
}
