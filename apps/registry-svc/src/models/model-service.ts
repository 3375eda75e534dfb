/**
 * RPC face of models: messages in, messages out.
 * @module
 */
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { type ModelName, parseModelName } from "@mintmark/names/model-name";
import type { ModelService } from "@mintmark/proto/mintmark/registry/v1/model_service";
import { currentCaller } from "../caller.ts";
import { announce } from "../events/announce.ts";
import { requireTags, requireText } from "../fields.ts";
import { pageSize } from "../paging.ts";
import type { ServiceDeps } from "../service-deps.ts";
import { createModel } from "./create-model.ts";
import { deleteModel } from "./delete-model.ts";
import { deleteModelTag, setDescription, setModelTag } from "./describe-model.ts";
import { findModel, latestVersions, modelMessage } from "./find-model.ts";
import { listModels } from "./list-models.ts";
import { renameModel } from "./rename-model.ts";
import { searchModels } from "./search-models.ts";

const maxDescription = 100_000;

export function modelService({ db }: Pick<ServiceDeps, "db">): ServiceImpl<typeof ModelService> {
  const read = async (name: ModelName) => {
    const model = await findModel(db, name);
    const latest = await latestVersions(db, [model]);
    return { model: modelMessage(model, latest.get(model.model_pk)) };
  };
  const about = (name: string, context: HandlerContext) => ({
    name: parseModelName(name),
    actor: currentCaller(context).name,
  });

  return {
    async createModel({ description, tags, ...request }, context) {
      const { name, actor } = about(request.name, context);
      requireText("description", description, maxDescription);
      await announce(context, db, await createModel(db, { name, description, tags: requireTags(tags), actor }));
      return read(name);
    },
    getModel({ name }) {
      return read(parseModelName(name));
    },
    async listModels({ pageSize: size, pageToken, namePrefix, nameContains, tags }) {
      const { page, next } = await listModels(db, {
        size: pageSize(size),
        token: pageToken,
        prefix: requireText("name_prefix", namePrefix, 1_000),
        contains: requireText("name_contains", nameContains, 1_000),
        tags: requireTags(tags),
      });
      return { models: page.map((row) => modelMessage(row)), nextPageToken: next };
    },
    async searchModels(request) {
      const { models, next } = await searchModels(db, request);
      return { models: models.map((model) => modelMessage(model, model.latest)), nextPageToken: next };
    },
    async updateModel({ name, description }, context) {
      const what = about(name, context);
      requireText("description", description, maxDescription);
      const event = await setDescription(db, { ...what, description });
      const answer = await read(what.name);
      await announce(context, db, event);
      return answer;
    },
    async renameModel({ name, newName }, context) {
      const to = parseModelName(newName);
      await announce(context, db, await renameModel(db, { ...about(name, context), to }));
      return read(to);
    },
    async deleteModel(request, context) {
      const what = about(request.name, context);
      await announce(context, db, await deleteModel(db, { ...what, refuseAliased: request.refuseAliased }));
      return {};
    },
    async setModelTag({ name, key, value }, context) {
      const what = about(name, context);
      requireTags({ [key]: value });
      const event = await setModelTag(db, { ...what, key, value });
      if (event === undefined) await findModel(db, what.name);
      await announce(context, db, event);
      return {};
    },
    async deleteModelTag({ name, key }, context) {
      const what = about(name, context);
      const event = await deleteModelTag(db, { ...what, key: requireText("key", key, 250) });
      if (event === undefined) await findModel(db, what.name);
      await announce(context, db, event);
      return {};
    },
  };
}
