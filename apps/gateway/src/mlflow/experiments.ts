/**
 * MLflow's calls on experiments.
 * @module
 */
import { type Experiment, LifecycleView } from "@mintmark/proto/mintmark/tracking/v1/experiment";
import { z } from "zod";
import { makeOnce } from "../lost-calls.ts";
import { list, message, pageLength, requiredList, requiredText, tags, text, word } from "./fields.ts";
import { milliseconds, orAbsent, tagsJson, textOrAbsent } from "./json.ts";
import { type Route, route } from "./route.ts";

/** The identity of an experiment: a whole number, as text. */
export const experimentId = requiredText.regex(/^\d+$/);

/** MLflow's names of what a search looks at, and ours. */
const views = {
  ACTIVE_ONLY: LifecycleView.ACTIVE,
  DELETED_ONLY: LifecycleView.DELETED,
  ALL: LifecycleView.ALL,
} as const;
const viewNames = ["ACTIVE_ONLY", "DELETED_ONLY", "ALL"] as const;
/** What a search looks at; what is not deleted, if absent. */
export const lifecycleView = word(viewNames).transform((name) => views[name ?? "ACTIVE_ONLY"]);

const one = message({ experiment_id: experimentId });

export const experimentRoutes: readonly Route[] = [
  route(
    "POST",
    "2.0/mlflow/experiments/create",
    message({ name: requiredText, artifact_location: text, tags }),
    async ({ name, artifact_location, tags }, { registry, as }) => {
      const { experiment } = await makeOnce(
        () => registry.experiments.createExperiment({ name, artifactLocation: artifact_location, tags }, as),
        "EXPERIMENT_TAKEN",
        () => registry.experiments.getExperiment({ by: { case: "name", value: name } }, as),
      );
      return { experiment_id: experiment!.id };
    },
  ),
  route("GET", "2.0/mlflow/experiments/get", one, async ({ experiment_id: value }, { registry, as }) => {
    const { experiment } = await registry.experiments.getExperiment({ by: { case: "id", value } }, as);
    return { experiment: experimentJson(experiment!) };
  }),
  route(
    "GET",
    "2.0/mlflow/experiments/get-by-name",
    message({ experiment_name: requiredText }),
    async ({ experiment_name: value }, { registry, as }) => {
      const { experiment } = await registry.experiments.getExperiment({ by: { case: "name", value } }, as);
      return { experiment: experimentJson(experiment!) };
    },
  ),
  route(
    ["GET", "POST"],
    "2.0/mlflow/experiments/search",
    message({
      max_results: pageLength(),
      page_token: text,
      filter: text,
      order_by: list(z.string()),
      view_type: lifecycleView,
    }),
    async (asked, { registry, as }) => {
      const { experiments, nextPageToken } = await registry.experiments.searchExperiments(
        {
          view: asked.view_type,
          filter: asked.filter,
          orderBy: asked.order_by,
          pageSize: asked.max_results,
          pageToken: asked.page_token,
        },
        as,
      );
      return { experiments: orAbsent(experiments.map(experimentJson)), next_page_token: textOrAbsent(nextPageToken) };
    },
  ),
  route("POST", "2.0/mlflow/experiments/delete", one, async ({ experiment_id: id }, { registry, as }) => {
    await registry.experiments.deleteExperiment({ id }, as);
    return {};
  }),
  route("POST", "2.0/mlflow/experiments/restore", one, async ({ experiment_id: id }, { registry, as }) => {
    await registry.experiments.restoreExperiment({ id }, as);
    return {};
  }),
  route(
    "POST",
    "2.0/mlflow/experiments/update",
    message({ experiment_id: experimentId, new_name: requiredText }),
    async ({ experiment_id: id, new_name: newName }, { registry, as }) => {
      await registry.experiments.renameExperiment({ id, newName }, as);
      return {};
    },
  ),
  route(
    "POST",
    "2.0/mlflow/experiments/set-experiment-tag",
    message({ experiment_id: experimentId, key: requiredText, value: text }),
    async ({ experiment_id: id, key, value }, { registry, as }) => {
      await registry.experiments.setExperimentTag({ id, key, value }, as);
      return {};
    },
  ),
  route(
    "POST",
    "2.0/mlflow/experiments/delete-experiment-tag",
    message({ experiment_id: experimentId, key: requiredText }),
    async ({ experiment_id: id, key }, { registry, as }) => {
      await registry.experiments.deleteExperimentTag({ id, key }, as);
      return {};
    },
  ),
  route(
    "POST",
    "2.0/mlflow/experiments/search-datasets",
    message({ experiment_ids: requiredList(experimentId) }),
    async ({ experiment_ids: experimentIds }, { registry, as }) => {
      const { datasets } = await registry.experiments.listExperimentDatasets({ experimentIds }, as);
      return {
        dataset_summaries: orAbsent(
          datasets.map(({ experimentId, name, digest, role }) => ({
            experiment_id: experimentId,
            name,
            digest: digest.slice(0, 36),
            context: textOrAbsent(role),
          })),
        ),
      };
    },
  ),
];

function experimentJson(experiment: Experiment): object {
  return {
    experiment_id: experiment.id,
    name: experiment.name,
    artifact_location: experiment.artifactLocation,
    lifecycle_stage: experiment.deleted ? "deleted" : "active",
    creation_time: milliseconds(experiment.createTime),
    last_update_time: milliseconds(experiment.updateTime),
    tags: tagsJson(experiment.tags),
  };
}
