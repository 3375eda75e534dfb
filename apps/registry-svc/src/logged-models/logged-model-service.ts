/**
 * RPC face of logged models: messages in, messages out.
 * @module
 */
import type { ServiceImpl } from "@connectrpc/connect";
import type { LoggedModelService } from "@mintmark/proto/mintmark/tracking/v1/logged_model_service";
import { currentCaller } from "../caller.ts";
import { announce } from "../events/announce.ts";
import { invalid, requireEntries, requireText } from "../fields.ts";
import { friendlyName } from "../runs/friendly-name.ts";
import type { ServiceDeps } from "../service-deps.ts";
import {
  deleteLoggedModel,
  deleteLoggedModelTag,
  finalizeLoggedModel,
  logLoggedModelParams,
  setLoggedModelTags,
} from "./change-logged-model.ts";
import { createLoggedModel } from "./create-logged-model.ts";
import { findLoggedModel } from "./find-logged-model.ts";
import { searchLoggedModels } from "./search-logged-models.ts";

const maxName = 500;
const maxTag = 100_000;
const maxParam = 6_000;

export function loggedModelService({ db }: Pick<ServiceDeps, "db">): ServiceImpl<typeof LoggedModelService> {
  return {
    async createLoggedModel({ experimentId, name, modelType, sourceRunId, tags, params, id: wanted }, context) {
      const { id, event } = await createLoggedModel(db, {
        experimentId,
        name: name === "" ? friendlyName() : requireName(name),
        modelType: requireText("model_type", modelType, maxName),
        sourceRunId,
        tags: requireEntries("tag", tags, maxTag),
        params: requireEntries("param", params, maxParam),
        id: wanted,
        actor: currentCaller(context).name,
      });
      await announce(context, db, event);
      return { model: await findLoggedModel(db, id) };
    },
    async getLoggedModel({ id }) {
      return { model: await findLoggedModel(db, id) };
    },
    async finalizeLoggedModel({ id, status }, context) {
      const actor = currentCaller(context).name;
      await announce(context, db, await finalizeLoggedModel(db, { id, status, actor }));
      return { model: await findLoggedModel(db, id) };
    },
    async deleteLoggedModel({ id }, context) {
      await announce(context, db, await deleteLoggedModel(db, { id, actor: currentCaller(context).name }));
      return {};
    },
    async setLoggedModelTags({ id, tags }) {
      await setLoggedModelTags(db, id, requireEntries("tag", tags, maxTag));
      return { model: await findLoggedModel(db, id) };
    },
    async deleteLoggedModelTag({ id, key }) {
      await deleteLoggedModelTag(db, id, key);
      return {};
    },
    async logLoggedModelParams({ id, params }) {
      await logLoggedModelParams(db, id, requireEntries("param", params, maxParam));
      return {};
    },
    async searchLoggedModels(request) {
      const { models, next } = await searchLoggedModels(db, request);
      return { models, nextPageToken: next };
    },
  };
}

/** These characters have a meaning in the URIs and the search grammar by which people name logged models. */
function requireName(name: string): string {
  requireText("name", name, maxName);
  const refused = /[/:.%"']/.exec(name)?.[0];
  if (refused === undefined) return name;
  throw invalid("name", `must not contain ${refused}, got ${JSON.stringify(name)}`);
}
