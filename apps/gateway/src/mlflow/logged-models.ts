/**
 * MLflow's calls on logged models.
 * @module
 */
import { type LoggedModel, LoggedModelStatus } from "@mintmark/proto/mintmark/tracking/v1/logged_model";
import { makeOnce, newId } from "../lost-calls.ts";
import { experimentId } from "./experiments.ts";
import {
  byKey,
  flagUnlessSaid,
  list,
  message,
  pageLength,
  pairs,
  requiredList,
  requiredText,
  tags,
  text,
  textCutAt,
  word,
} from "./fields.ts";
import { milliseconds, orAbsent, tagsJson, textOrAbsent } from "./json.ts";
import { type Route, route } from "./route.ts";
import { metricJson } from "./run-json.ts";

/** MLflow's names of a logged model's states, in the order of its numbers, and ours. */
const statuses = {
  LOGGED_MODEL_PENDING: LoggedModelStatus.PENDING,
  LOGGED_MODEL_READY: LoggedModelStatus.READY,
  LOGGED_MODEL_UPLOAD_FAILED: LoggedModelStatus.UPLOAD_FAILED,
} as const;
const statusNames = ["LOGGED_MODEL_PENDING", "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"] as const;

const params = pairs(textCutAt(6_000)).transform(byKey);
const one = { model_id: requiredText };

export const loggedModelRoutes: readonly Route[] = [
  route(
    "POST",
    "2.0/mlflow/logged-models",
    message({ experiment_id: experimentId, name: text, model_type: text, source_run_id: text, params, tags }),
    async (asked, { registry, as }) => {
      const id = `m-${newId()}`;
      const wanted = {
        id,
        experimentId: asked.experiment_id,
        name: asked.name,
        modelType: asked.model_type,
        sourceRunId: asked.source_run_id,
        params: asked.params,
        tags: asked.tags,
      };
      const { model } = await makeOnce(
        () => registry.loggedModels.createLoggedModel(wanted, as),
        "LOGGED_MODEL_ID_TAKEN",
        () => registry.loggedModels.getLoggedModel({ id }, as),
      );
      return { model: loggedModelJson(model!) };
    },
  ),
  route("GET", "2.0/mlflow/logged-models/:model_id", message(one), async ({ model_id: id }, { registry, as }) => {
    const { model } = await registry.loggedModels.getLoggedModel({ id }, as);
    return { model: loggedModelJson(model!) };
  }),
  route(
    "PATCH",
    "2.0/mlflow/logged-models/:model_id",
    message({ ...one, status: word(statusNames).nonoptional() }),
    async ({ model_id: id, status }, { registry, as }) => {
      const { model } = await registry.loggedModels.finalizeLoggedModel({ id, status: statuses[status] }, as);
      return { model: loggedModelJson(model!) };
    },
  ),
  route("DELETE", "2.0/mlflow/logged-models/:model_id", message(one), async ({ model_id: id }, { registry, as }) => {
    await registry.loggedModels.deleteLoggedModel({ id }, as);
    return {};
  }),
  route(
    "PATCH",
    "2.0/mlflow/logged-models/:model_id/tags",
    message({ ...one, tags }),
    async ({ model_id: id, tags }, { registry, as }) => {
      await registry.loggedModels.setLoggedModelTags({ id, tags }, as);
      return {};
    },
  ),
  // Clients send the key as it is, which may have a slash in it.
  route(
    "DELETE",
    "2.0/mlflow/logged-models/:model_id/tags/*",
    message({ ...one, "*": requiredText }),
    async ({ model_id: id, "*": key }, { registry, as }) => {
      await registry.loggedModels.deleteLoggedModelTag({ id, key }, as);
      return {};
    },
  ),
  route(
    "POST",
    "2.0/mlflow/logged-models/:model_id/params",
    message({ ...one, params }),
    async ({ model_id: id, params }, { registry, as }) => {
      await registry.loggedModels.logLoggedModelParams({ id, params }, as);
      return {};
    },
  ),
  route(
    "POST",
    "2.0/mlflow/logged-models/search",
    message({
      experiment_ids: requiredList(experimentId),
      filter: text,
      datasets: list(message({ dataset_name: requiredText, dataset_digest: text })),
      max_results: pageLength(),
      order_by: list(
        message({ field_name: requiredText, ascending: flagUnlessSaid, dataset_name: text, dataset_digest: text }),
      ),
      page_token: text,
    }),
    async (asked, { registry, as }) => {
      const { models, nextPageToken } = await registry.loggedModels.searchLoggedModels(
        {
          experimentIds: asked.experiment_ids,
          filter: asked.filter,
          datasets: asked.datasets.map(({ dataset_name: name, dataset_digest: digest }) => ({ name, digest })),
          pageSize: asked.max_results,
          orderBy: asked.order_by.map(({ field_name, ascending, dataset_name, dataset_digest }) => ({
            field: field_name,
            descending: !ascending,
            datasetName: dataset_name,
            datasetDigest: dataset_digest,
          })),
          pageToken: asked.page_token,
        },
        as,
      );
      return { models: orAbsent(models.map(loggedModelJson)), next_page_token: textOrAbsent(nextPageToken) };
    },
  ),
];

function loggedModelJson(model: LoggedModel): object {
  return {
    info: {
      model_id: model.id,
      experiment_id: model.experimentId,
      name: model.name,
      creation_timestamp_ms: milliseconds(model.createTime),
      last_updated_timestamp_ms: milliseconds(model.updateTime),
      artifact_uri: model.artifactUri,
      status: statusNames.find((name) => statuses[name] === model.status),
      model_type: model.modelType,
      source_run_id: model.sourceRunId,
      tags: tagsJson(model.tags),
      registrations: orAbsent(model.versions.map(registrationJson)),
    },
    data: { params: tagsJson(model.params), metrics: orAbsent(model.metrics.map(metricJson)) },
  };
}

function registrationJson(version: string): object {
  const slash = version.lastIndexOf("/");
  return { name: version.slice(0, slash), version: version.slice(slash + 1) };
}
