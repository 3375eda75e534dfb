/**
 * The tags by which clients say what the native API has fields for.
 * @module
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { RunSourceSchema } from "@mintmark/proto/mintmark/tracking/v1/run";
import { requireText } from "../fields.ts";
import { requireKeyed } from "./tracking-key.ts";

/** MLflow's names. */
export const tagNames = {
  name: "mlflow.runName",
  user: "mlflow.user",
  parentRun: "mlflow.parentRunId",
} as const;

/** What was executed, as far as tags say it: MLflow's, else those that training files are submitted with. */
export function runSource(tags: Readonly<Record<string, string>>): MessageInitShape<typeof RunSourceSchema> {
  return {
    name: tags["mlflow.source.name"] ?? "",
    type: tags["mlflow.source.type"] ?? "",
    gitCommit: tags["mlflow.source.git.commit"] ?? tags["git.commit"] ?? "",
    gitBranch: tags["mlflow.source.git.branch"] ?? tags["git.branch"] ?? "",
    gitRepository: tags["mlflow.source.git.repoURL"] ?? "",
  };
}

/** Of the name, which is a tag as well. */
export const maxRunName = 1_000;
const maxValue = 100_000;

/** @throws AppError REQUEST_INVALID */
export function requireRunTags(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  requireText("name of the run", tags[tagNames.name] ?? "", maxRunName);
  return requireKeyed("tag", tags, maxValue);
}
