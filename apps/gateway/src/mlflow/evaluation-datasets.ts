/**
 * MLflow's calls on evaluation data sets. Records, tags, schema and profile travel as JSON in text.
 * @module
 */
import type { EvaluationDataset, EvaluationRecord } from "@mintmark/proto/mintmark/tracking/v1/evaluation_dataset";
import { z } from "zod";
import { count, list, message, pageLength, requiredList, requiredText, text } from "./fields.ts";
import { milliseconds, orAbsent, textOrAbsent } from "./json.ts";
import { MlflowError } from "./mlflow-error.ts";
import { type Route, route } from "./route.ts";

const one = { dataset_id: requiredText };
const some = message({
  experiment_ids: list(requiredText),
  filter_string: text,
  max_results: pageLength(),
  order_by: list(z.string()),
  page_token: text,
});

export const evaluationDatasetRoutes: readonly Route[] = [
  route(
    "POST",
    "3.0/mlflow/datasets/create",
    message({ name: requiredText, experiment_ids: list(requiredText), tags: text }),
    async ({ name, experiment_ids, tags }, { registry, as }) => {
      const { dataset } = await registry.evaluationDatasets.createEvaluationDataset(
        { name, experimentIds: experiment_ids, tags: tagsOf(tags) },
        as,
      );
      return { dataset: datasetJson(dataset!) };
    },
  ),
  route(["POST", "GET"], "3.0/mlflow/datasets/search", some, async (asked, { registry, as }) => {
    const { datasets, nextPageToken } = await registry.evaluationDatasets.searchEvaluationDatasets(
      {
        experimentIds: asked.experiment_ids,
        filter: asked.filter_string,
        orderBy: asked.order_by,
        pageSize: asked.max_results,
        pageToken: asked.page_token,
      },
      as,
    );
    return { datasets: orAbsent(datasets.map(datasetJson)), next_page_token: textOrAbsent(nextPageToken) };
  }),
  route("GET", "3.0/mlflow/datasets/:dataset_id", message(one), async ({ dataset_id }, { registry, as }) => {
    const { dataset } = await registry.evaluationDatasets.getEvaluationDataset({ id: dataset_id }, as);
    return { dataset: datasetJson(dataset!) };
  }),
  route("DELETE", "3.0/mlflow/datasets/:dataset_id", message(one), async ({ dataset_id }, { registry, as }) => {
    await registry.evaluationDatasets.deleteEvaluationDataset({ id: dataset_id }, as);
    return {};
  }),
  route(
    "GET",
    "3.0/mlflow/datasets/:dataset_id/experiment-ids",
    message(one),
    async ({ dataset_id }, { registry, as }) => {
      const { dataset } = await registry.evaluationDatasets.getEvaluationDataset({ id: dataset_id }, as);
      return { experiment_ids: orAbsent(dataset!.experimentIds) };
    },
  ),
  route(
    "POST",
    "3.0/mlflow/datasets/:dataset_id/add-experiments",
    message({ ...one, experiment_ids: list(requiredText) }),
    async ({ dataset_id, experiment_ids }, { registry, as }) => {
      const { dataset } = await registry.evaluationDatasets.updateEvaluationDatasetExperiments(
        { id: dataset_id, add: experiment_ids },
        as,
      );
      return { dataset: datasetJson(dataset!) };
    },
  ),
  route(
    "POST",
    "3.0/mlflow/datasets/:dataset_id/remove-experiments",
    message({ ...one, experiment_ids: list(requiredText) }),
    async ({ dataset_id, experiment_ids }, { registry, as }) => {
      const { dataset } = await registry.evaluationDatasets.updateEvaluationDatasetExperiments(
        { id: dataset_id, remove: experiment_ids },
        as,
      );
      return { dataset: datasetJson(dataset!) };
    },
  ),
  route(
    "PATCH",
    "3.0/mlflow/datasets/:dataset_id/tags",
    message({ ...one, tags: requiredText }),
    async ({ dataset_id, tags }, { registry, as }) => {
      await registry.evaluationDatasets.setEvaluationDatasetTags({ id: dataset_id, tags: tagsOf(tags) }, as);
      return {};
    },
  ),
  route(
    "DELETE",
    "3.0/mlflow/datasets/:dataset_id/tags/:key",
    message({ ...one, key: requiredText }),
    async ({ dataset_id, key }, { registry, as }) => {
      await registry.evaluationDatasets.deleteEvaluationDatasetTag({ id: dataset_id, key }, as);
      return {};
    },
  ),
  route(
    "POST",
    "3.0/mlflow/datasets/:dataset_id/records",
    message({ ...one, records: requiredText }),
    async ({ dataset_id, records }, { registry, as }) => {
      const { inserted, updated } = await registry.evaluationDatasets.upsertEvaluationRecords(
        { datasetId: dataset_id, recordsJson: records },
        as,
      );
      return { inserted_count: inserted, updated_count: updated };
    },
    { carriesData: true },
  ),
  route(
    "GET",
    "3.0/mlflow/datasets/:dataset_id/records",
    message({ ...one, max_results: count, page_token: text }),
    async ({ dataset_id, max_results, page_token }, { registry, as }) => {
      // More than there is in one page goes on with the next one, as after any page.
      const { records, nextPageToken } = await registry.evaluationDatasets.listEvaluationRecords(
        {
          datasetId: dataset_id,
          pageSize: Math.min(Math.max(max_results ?? maxPage, 1), maxPage),
          pageToken: page_token,
        },
        as,
      );
      return {
        records: `[${records.map((record) => recordText(dataset_id, record)).join(",")}]`,
        next_page_token: textOrAbsent(nextPageToken),
      };
    },
  ),
  route(
    "DELETE",
    "3.0/mlflow/datasets/:dataset_id/records",
    message({ ...one, dataset_record_ids: requiredList(requiredText, 1000) }),
    async ({ dataset_id, dataset_record_ids }, { registry, as }) => {
      const { deleted } = await registry.evaluationDatasets.deleteEvaluationRecords(
        { datasetId: dataset_id, ids: dataset_record_ids },
        as,
      );
      return { deleted_count: deleted };
    },
  ),
];

const maxPage = 1000;

function datasetJson(dataset: EvaluationDataset): object {
  return {
    dataset_id: dataset.id,
    name: dataset.name,
    tags: JSON.stringify(dataset.tags),
    schema: textOrAbsent(dataset.schemaJson),
    profile: textOrAbsent(dataset.profileJson),
    digest: dataset.digest,
    created_time: milliseconds(dataset.createTime),
    last_update_time: milliseconds(dataset.updateTime),
    created_by: dataset.createdBy,
    last_updated_by: dataset.updatedBy,
    experiment_ids: orAbsent(dataset.experimentIds),
  };
}

/** The parts that clients sent are put in as they are: read and written anew, their numbers would not keep their digits. */
function recordText(datasetId: string, record: EvaluationRecord): string {
  const parts = {
    dataset_record_id: JSON.stringify(record.id),
    dataset_id: JSON.stringify(datasetId),
    inputs: record.inputsJson,
    outputs: record.outputsJson,
    expectations: record.expectationsJson,
    tags: record.tagsJson,
    source: record.sourceJson,
    source_id: record.sourceId === "" ? "" : JSON.stringify(record.sourceId),
    source_type: record.sourceType === "" ? "" : JSON.stringify(record.sourceType),
    created_time: String(milliseconds(record.createTime)),
    last_update_time: String(milliseconds(record.updateTime)),
    created_by: JSON.stringify(record.createdBy),
    last_updated_by: JSON.stringify(record.updatedBy),
  };
  const said = Object.entries(parts).filter(([, json]) => json !== "");
  return `{${said.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(",")}}`;
}

/** Values that are no text are kept as JSON; null says nothing. */
function tagsOf(json: string): Record<string, string> {
  const entries = Object.entries(json === "" ? {} : parsedTags(json)).filter(([, value]) => value !== null);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

function parsedTags(json: string): Record<string, unknown> {
  const tags = parsed(json);
  if (typeof tags !== "object" || tags === null || Array.isArray(tags))
    throw new MlflowError("INVALID_PARAMETER_VALUE", "The parameter 'tags' must be a JSON object in text.");
  return tags as Record<string, unknown>;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
