/**
 * RPC face of evaluation data sets: messages in, messages out.
 * @module
 */
import type { ServiceImpl } from "@connectrpc/connect";
import type { EvaluationDatasetService } from "@mintmark/proto/mintmark/tracking/v1/evaluation_dataset_service";
import { currentCaller } from "../caller.ts";
import { announce } from "../events/announce.ts";
import { requireCount } from "../fields.ts";
import { pageSize } from "../paging.ts";
import type { ServiceDeps } from "../service-deps.ts";
import { createDataset, deleteDataset, deleteDatasetTag, setDatasetTags, updateExperiments } from "./change-dataset.ts";
import { findDataset, listRecords } from "./find-datasets.ts";
import { searchDatasets } from "./search-datasets.ts";
import { deleteRecords, upsertRecords } from "./upsert-records.ts";

const maxIds = 1_000;

export function evaluationDatasetService({
  db,
}: Pick<ServiceDeps, "db">): ServiceImpl<typeof EvaluationDatasetService> {
  return {
    async createEvaluationDataset(request, context) {
      const { id, event } = await createDataset(db, { ...request, actor: currentCaller(context).name });
      await announce(context, db, event);
      return { dataset: await findDataset(db, id) };
    },
    async getEvaluationDataset({ id }) {
      return { dataset: await findDataset(db, id) };
    },
    async searchEvaluationDatasets(request) {
      const { datasets, next } = await searchDatasets(db, request);
      return { datasets, nextPageToken: next };
    },
    async deleteEvaluationDataset({ id }, context) {
      await announce(context, db, await deleteDataset(db, id, currentCaller(context).name));
      return {};
    },
    async upsertEvaluationRecords(request, context) {
      const { event, ...counts } = await upsertRecords(db, { ...request, actor: currentCaller(context).name });
      await announce(context, db, event);
      return counts;
    },
    async listEvaluationRecords({ datasetId, pageSize: size, pageToken: token }) {
      const { records, next } = await listRecords(db, { datasetId, size: pageSize(size), token });
      return { records, nextPageToken: next };
    },
    async deleteEvaluationRecords({ datasetId, ids }, context) {
      requireCount("ids", ids.length, maxIds);
      const { deleted, event } = await deleteRecords(db, { datasetId, ids, actor: currentCaller(context).name });
      await announce(context, db, event);
      return { deleted };
    },
    async setEvaluationDatasetTags({ id, tags }) {
      await setDatasetTags(db, id, tags);
      return { dataset: await findDataset(db, id) };
    },
    async deleteEvaluationDatasetTag({ id, key }) {
      await deleteDatasetTag(db, id, key);
      return {};
    },
    async updateEvaluationDatasetExperiments(request) {
      await updateExperiments(db, request);
      return { dataset: await findDataset(db, request.id) };
    },
  };
}
