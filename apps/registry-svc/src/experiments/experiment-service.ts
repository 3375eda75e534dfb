/**
 * RPC face of experiments: messages in, messages out.
 * @module
 */
import type { ServiceImpl } from "@connectrpc/connect";
import type { ExperimentService } from "@mintmark/proto/mintmark/tracking/v1/experiment_service";
import { currentCaller } from "../caller.ts";
import { announce } from "../events/announce.ts";
import { invalid } from "../fields.ts";
import type { ServiceDeps } from "../service-deps.ts";
import { deleteExperimentTag, renameExperiment, setExperimentTag } from "./change-experiment.ts";
import { createExperiment } from "./create-experiment.ts";
import { deleteExperiment, restoreExperiment } from "./delete-experiment.ts";
import { findExperiment, findExperimentByName } from "./find-experiment.ts";
import { listDatasets } from "./list-datasets.ts";
import { searchExperiments } from "./search-experiments.ts";

export function experimentService({ db }: Pick<ServiceDeps, "db">): ServiceImpl<typeof ExperimentService> {
  return {
    async createExperiment({ name, artifactLocation, tags }, context) {
      const actor = currentCaller(context).name;
      const { id, event } = await createExperiment(db, { name, artifactLocation, tags, actor });
      await announce(context, db, event);
      return { experiment: await findExperiment(db, id) };
    },
    async getExperiment({ by }) {
      switch (by.case) {
        case "id":
          return { experiment: await findExperiment(db, by.value) };
        case "name":
          return { experiment: await findExperimentByName(db, by.value) };
        default:
          throw invalid("by", "must be an id or a name");
      }
    },
    async searchExperiments(request) {
      const { experiments, next } = await searchExperiments(db, request);
      return { experiments, nextPageToken: next };
    },
    async renameExperiment({ id, newName }, context) {
      const actor = currentCaller(context).name;
      await announce(context, db, await renameExperiment(db, { id, newName, actor }));
      return { experiment: await findExperiment(db, id) };
    },
    async deleteExperiment({ id }, context) {
      const actor = currentCaller(context).name;
      await announce(context, db, await deleteExperiment(db, { id, actor }));
      return {};
    },
    async restoreExperiment({ id }, context) {
      const actor = currentCaller(context).name;
      await announce(context, db, await restoreExperiment(db, { id, actor }));
      return {};
    },
    async setExperimentTag({ id, key, value }, context) {
      const actor = currentCaller(context).name;
      await announce(context, db, await setExperimentTag(db, { id, key, value, actor }));
      return {};
    },
    async deleteExperimentTag({ id, key }, context) {
      const actor = currentCaller(context).name;
      await announce(context, db, await deleteExperimentTag(db, { id, key, actor }));
      return {};
    },
    async listExperimentDatasets({ experimentIds }) {
      return { datasets: await listDatasets(db, experimentIds) };
    },
  };
}
