/**
 * MLflow's calls on model versions.
 * @module
 */
import { randomUUID } from "node:crypto";
import type { Version } from "@mintmark/proto/mintmark/registry/v1/version";
import { z } from "zod";
import { untilAnswered } from "../lost-calls.ts";
import { stageNames, stageOfName } from "../stages.ts";
import { whileRecalled } from "../view/answers.ts";
import type { View } from "../view/view.ts";
import { flag, list, message, pageLength, requiredText, tags, text } from "./fields.ts";
import { type HotAnswer, type HotRead, hotRead, untilAnyChange } from "./hot-read.ts";
import { orAbsent, textOrAbsent } from "./json.ts";
import { MlflowError } from "./mlflow-error.ts";
import { modelVersionJson, numbered, versionFields, versionUri } from "./model-version-json.ts";
import { type Route, route } from "./route.ts";

/** One of the stages, in any case. */
export const stage = z
  .string()
  .min(1)
  .transform((name) => {
    const known = stageOfName(name);
    if (known !== undefined) return known;
    throw new MlflowError(
      "INVALID_PARAMETER_VALUE",
      `Invalid Model Version stage: ${name}. Value must be one of ${stageNames.join(", ")}.`,
    );
  });

export const modelVersionReads: readonly HotRead[] = [
  hotRead("2.0/mlflow/model-versions/get", message(versionFields), (of, { view }) =>
    resolved(view, versionUri(of), (version) => ({ model_version: modelVersionJson(version) })),
  ),
  hotRead("2.0/mlflow/model-versions/get-download-uri", message(versionFields), (of, { view }) =>
    resolved(view, versionUri(of), (version) => ({ artifact_uri: version.downloadUri })),
  ),
  hotRead(
    "2.0/mlflow/model-versions/search",
    message({ filter: text, max_results: pageLength(), order_by: list(requiredText), page_token: text }),
    ({ filter, max_results, order_by, page_token }, { view, registry }) =>
      untilAnyChange(view, async () => {
        const { versions, nextPageToken } = await registry.versions.searchVersions({
          filter,
          orderBy: order_by,
          pageSize: max_results || usualSearchResults,
          pageToken: page_token,
        });
        return {
          model_versions: orAbsent(versions.map(modelVersionJson)),
          next_page_token: textOrAbsent(nextPageToken),
        };
      }),
  ),
];

export const modelVersionRoutes: readonly Route[] = [
  route(
    "POST",
    "2.0/mlflow/model-versions/create",
    message({
      name: requiredText,
      source: requiredText,
      run_id: text,
      tags,
      run_link: text,
      description: text,
      model_id: text,
    }),
    async ({ name, source, run_id, tags, run_link, description, model_id }, { registry, as }) => {
      const asked = {
        model: name,
        source,
        runId: run_id,
        loggedModelId: model_id,
        runLink: run_link,
        description,
        tags,
      };
      const requestId = randomUUID();
      const { version } = await untilAnswered(() => registry.versions.createVersion({ ...asked, requestId }, as));
      return { model_version: modelVersionJson(version!) };
    },
  ),
  route(
    "PATCH",
    "2.0/mlflow/model-versions/update",
    message({ ...versionFields, description: text }),
    async ({ description, ...of }, { registry, as }) => {
      const { version } = await registry.versions.updateVersion({ ...numbered(of), description }, as);
      return { model_version: modelVersionJson(version!) };
    },
  ),
  route("DELETE", "2.0/mlflow/model-versions/delete", message(versionFields), async (of, { registry, as }) => {
    await registry.versions.deleteVersion({ ...numbered(of), removeAliases: true }, as);
    return {};
  }),
  route(
    "POST",
    "2.0/mlflow/model-versions/transition-stage",
    message({ ...versionFields, stage, archive_existing_versions: flag }),
    async ({ stage, archive_existing_versions, ...of }, { registry, as }) => {
      const { version } = await registry.versions.setStage(
        { ...numbered(of), stage, archiveExisting: archive_existing_versions },
        as,
      );
      return { model_version: modelVersionJson(version!) };
    },
  ),
  route(
    "POST",
    "2.0/mlflow/model-versions/set-tag",
    message({ ...versionFields, key: requiredText, value: text }),
    async ({ key, value, ...of }, { registry, as }) => {
      await registry.versions.setVersionTag({ ...numbered(of), key, value }, as);
      return {};
    },
  ),
  route(
    "DELETE",
    "2.0/mlflow/model-versions/delete-tag",
    message({ ...versionFields, key: requiredText }),
    async ({ key, ...of }, { registry, as }) => {
      await registry.versions.deleteVersionTag({ ...numbered(of), key }, as);
      return {};
    },
  ),
];

/** The version that `uri` names, until its model changes. */
export async function resolved(view: View, uri: string, fields: (version: Version) => object): Promise<HotAnswer> {
  const answer = await view.resolve(uri);
  return { fields: fields(answer.version!), isCurrent: whileRecalled(answer, () => view.recall(uri)) };
}

/** Of a search that does not say; clients of MLflow's expect all of them. */
const usualSearchResults = 200_000;
