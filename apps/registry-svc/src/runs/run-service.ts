/**
 * RPC face of runs: messages in, messages out.
 * @module
 */
import type { ServiceImpl } from "@connectrpc/connect";
import type { Run } from "@mintmark/proto/mintmark/tracking/v1/run";
import type { RunService } from "@mintmark/proto/mintmark/tracking/v1/run_service";
import { currentCaller } from "../caller.ts";
import { linkSnapshots } from "../data-links/link-snapshots.ts";
import { announce } from "../events/announce.ts";
import { pageSize } from "../paging.ts";
import type { ServiceDeps } from "../service-deps.ts";
import { compareMetric } from "./compare-metric.ts";
import { createRun } from "./create-run.ts";
import { deleteRun, restoreRun } from "./delete-run.ts";
import { deleteRunTag } from "./delete-run-tag.ts";
import { findRun, findRunRow, runMessage } from "./find-run.ts";
import { listRuns } from "./list-runs.ts";
import { logBatch } from "./log-batch.ts";
import { logModel } from "./log-model.ts";
import { metricHistory } from "./metric-history.ts";
import { searchRuns } from "./search-runs.ts";
import { updateRun } from "./update-run.ts";

export function runService(deps: Pick<ServiceDeps, "db" | "dataLinks">): ServiceImpl<typeof RunService> {
  const { db } = deps;
  const linked = async (runs: readonly Run[]) => {
    await linkSnapshots(deps, runs);
    return [...runs];
  };
  const answered = async (run: Run) => ({ run: (await linked([run]))[0] });
  const oneRun = async (id: string) => answered(await findRun(db, id));
  return {
    async createRun(request, context) {
      const { id, event } = await createRun(db, { ...request, actor: currentCaller(context).name });
      await announce(context, db, event);
      return oneRun(id);
    },
    async getRun({ id }) {
      return oneRun(id);
    },
    async listRuns({ pageSize: size, pageToken: token, ...filter }) {
      const { runs, next } = await listRuns(db, { ...filter, size: pageSize(size), token });
      return { runs: await linked(runs), nextPageToken: next };
    },
    async searchRuns(request) {
      const { runs, next } = await searchRuns(db, request);
      return { runs: await linked(runs), nextPageToken: next };
    },
    async updateRun({ id, status, name, endTime }, context) {
      const actor = currentCaller(context).name;
      await announce(context, db, await updateRun(db, { id, status, name, endTime, actor }));
      return answered(runMessage(await findRunRow(db, id)));
    },
    async deleteRun({ id }, context) {
      await announce(context, db, await deleteRun(db, { id, actor: currentCaller(context).name }));
      return {};
    },
    async restoreRun({ id }, context) {
      await announce(context, db, await restoreRun(db, { id, actor: currentCaller(context).name }));
      return {};
    },
    async deleteRunTag({ id, key }) {
      await deleteRunTag(db, { id, key });
      return {};
    },
    async logBatch(request) {
      // No event: a counter that all writers wait for is for what others watch, not for points of a curve.
      await logBatch(db, request);
      return {};
    },
    async logModel(request) {
      await logModel(db, request);
      return {};
    },
    async getMetricHistory({ runId, key, pageSize: size, pageToken: token }) {
      const { points, next } = await metricHistory(db, { runId, key, size, token });
      return { points, nextPageToken: next };
    },
    async compareMetric(request) {
      return { points: await compareMetric(db, request) };
    },
  };
}
