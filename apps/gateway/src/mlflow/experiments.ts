/**
 * MLflow's calls on experiments.
 * @module
 */
import type { Experiment } from "@mintmark/proto/mintmark/tracking/v1/experiment";
import { message, requiredText, tags, text } from "./fields.ts";
import { milliseconds, tagsJson } from "./json.ts";
import { type Route, route } from "./route.ts";

export const experimentRoutes: readonly Route[] = [
  route(
    "POST",
    "2.0/mlflow/experiments/create",
    message({ name: requiredText, artifact_location: text, tags }),
    async ({ name, artifact_location, tags }, { registry, as }) => {
      const { experiment } = await registry.experiments.createExperiment(
        { name, artifactLocation: artifact_location, tags },
        as,
      );
      return { experiment_id: experiment!.id };
    },
  ),
  route(
    "GET",
    "2.0/mlflow/experiments/get",
    message({ experiment_id: requiredText }),
    async ({ experiment_id }, { registry, as }) => {
      const { experiment } = await registry.experiments.getExperiment({ by: { case: "id", value: experiment_id } }, as);
      return { experiment: experimentJson(experiment!) };
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
