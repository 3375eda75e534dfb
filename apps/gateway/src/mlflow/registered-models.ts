/**
 * MLflow's calls on registered models and their aliases.
 * @module
 */
import type { Model } from "@mintmark/proto/mintmark/registry/v1/model";
import { reasonOf } from "@mintmark/registry-client";
import { makeOnce } from "../lost-calls.ts";
import { whileRecalled } from "../view/answers.ts";
import { list, message, pageLength, requiredText, tags, text } from "./fields.ts";
import { type HotRead, hotRead, untilAnyChange } from "./hot-read.ts";
import { milliseconds, orAbsent, tagsJson, textOrAbsent } from "./json.ts";
import { aliasUri, modelVersionJson, numbered, versionFields } from "./model-version-json.ts";
import { resolved, stage } from "./model-versions.ts";
import { type Call, type Route, route } from "./route.ts";

const named = { name: requiredText };

export const registeredModelReads: readonly HotRead[] = [
  hotRead("2.0/mlflow/registered-models/get", message(named), async ({ name }, { view }) => {
    const answer = await view.model(name);
    return {
      fields: { registered_model: registeredModelJson(answer.model!) },
      isCurrent: whileRecalled(answer, () => view.recallModel(name)),
    };
  }),
  hotRead("2.0/mlflow/registered-models/alias", message({ ...named, alias: requiredText }), (asked, { view }) =>
    resolved(view, aliasUri(asked), (version) => ({ model_version: modelVersionJson(version) })),
  ),
  hotRead(
    "2.0/mlflow/registered-models/search",
    message({ filter: text, max_results: pageLength(), order_by: list(requiredText), page_token: text }),
    ({ filter, max_results, order_by, page_token }, { view, registry }) =>
      untilAnyChange(view, async () => {
        const { models, nextPageToken } = await registry.models.searchModels({
          filter,
          orderBy: order_by,
          pageSize: max_results,
          pageToken: page_token,
        });
        return {
          registered_models: orAbsent(models.map(registeredModelJson)),
          next_page_token: textOrAbsent(nextPageToken),
        };
      }),
  ),
];

export const registeredModelRoutes: readonly Route[] = [
  route(
    "POST",
    "2.0/mlflow/registered-models/create",
    message({ ...named, tags, description: text }),
    async (asked, { registry, as }) => {
      const { model } = await makeOnce(
        () => registry.models.createModel(asked, as),
        "NAME_TAKEN",
        () => registry.models.getModel({ name: asked.name }, as),
      );
      return { registered_model: registeredModelJson(model!) };
    },
  ),
  route(
    "PATCH",
    "2.0/mlflow/registered-models/update",
    message({ ...named, description: text }),
    async (asked, { registry, as }) => {
      const { model } = await registry.models.updateModel(asked, as);
      return { registered_model: registeredModelJson(model!) };
    },
  ),
  route(
    "POST",
    "2.0/mlflow/registered-models/rename",
    message({ ...named, new_name: requiredText }),
    async ({ name, new_name }, { registry, as }) => {
      const { model } = await registry.models.renameModel({ name, newName: new_name }, as);
      return { registered_model: registeredModelJson(model!) };
    },
  ),
  route("DELETE", "2.0/mlflow/registered-models/delete", message(named), async (asked, { registry, as }) => {
    await registry.models.deleteModel(asked, as);
    return {};
  }),
  route(
    ["POST", "GET"],
    "2.0/mlflow/registered-models/get-latest-versions",
    message({ ...named, stages: list(stage) }),
    async ({ name, stages }, { registry, as }) => {
      const { model } = await registry.models.getModel({ name }, as);
      const latest = model!.latestVersions.filter(({ stage }) => stages.length === 0 || stages.includes(stage));
      return { model_versions: orAbsent(latest.map(modelVersionJson)) };
    },
  ),
  route(
    "POST",
    "2.0/mlflow/registered-models/set-tag",
    message({ ...named, key: requiredText, value: text }),
    async (asked, { registry, as }) => {
      await registry.models.setModelTag(asked, as);
      return {};
    },
  ),
  route(
    "DELETE",
    "2.0/mlflow/registered-models/delete-tag",
    message({ ...named, key: requiredText }),
    async (asked, { registry, as }) => {
      await registry.models.deleteModelTag(asked, as);
      return {};
    },
  ),
  route(
    "POST",
    "2.0/mlflow/registered-models/alias",
    message({ ...versionFields, alias: requiredText }),
    async ({ alias, ...of }, { registry, as }) => {
      const { model, number } = numbered(of);
      await registry.aliases.setAlias({ model, alias, version: number }, as);
      return {};
    },
  ),
  route(
    "DELETE",
    "2.0/mlflow/registered-models/alias",
    message({ ...named, alias: requiredText }),
    async ({ name, alias }, call) => {
      await removeAlias(name, alias, call);
      return {};
    },
  ),
];

/** One that is not there is removed already. */
async function removeAlias(model: string, alias: string, { registry, as }: Call): Promise<void> {
  try {
    await registry.aliases.deleteAlias({ model, alias }, as);
  } catch (error) {
    if (reasonOf(error) !== "ALIAS_NOT_FOUND") throw error;
  }
}

function registeredModelJson(model: Model): object {
  return {
    name: model.name,
    creation_timestamp: milliseconds(model.createTime),
    last_updated_timestamp: milliseconds(model.updateTime),
    description: textOrAbsent(model.description),
    latest_versions: orAbsent(model.latestVersions.map(modelVersionJson)),
    tags: tagsJson(model.tags),
    aliases: orAbsent(Object.entries(model.aliases).map(([alias, version]) => ({ alias, version: String(version) }))),
  };
}
