/**
 * RPC face of aliases: messages in, messages out.
 * @module
 */
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { parseAliasName, parseKnownAliasName } from "@mintmark/names/alias-name";
import { parseModelName } from "@mintmark/names/model-name";
import type { AliasService } from "@mintmark/proto/mintmark/registry/v1/alias_service";
import { currentCaller } from "../caller.ts";
import { announce } from "../events/announce.ts";
import { requireText } from "../fields.ts";
import { pageSize } from "../paging.ts";
import type { ServiceDeps } from "../service-deps.ts";
import { listAliases, listAliasMoves } from "./list-aliases.ts";
import { moveAlias } from "./move-alias.ts";

const maxReason = 10_000;

export function aliasService({ db }: Pick<ServiceDeps, "db">): ServiceImpl<typeof AliasService> {
  return {
    async setAlias({ model, alias, version, expectedRevision, expectedVersion, reason }, context) {
      const name = parseAliasName(alias);
      const moved = await moveAlias(db, {
        name: parseModelName(model),
        alias: name,
        number: version,
        expectedRevision,
        expectedVersion,
        actor: currentCaller(context).name,
        reason: requireText("reason", reason, maxReason),
      });
      await announce(context, db, moved.event);
      const updateTime = timestampFromDate(moved.updated_at);
      return { alias: { model: moved.model, name, version: moved.number ?? 0, revision: moved.revision, updateTime } };
    },
    async deleteAlias({ model, alias, expectedRevision, reason }, context) {
      const removed = await moveAlias(db, {
        name: parseModelName(model),
        alias: parseKnownAliasName(alias),
        number: undefined,
        expectedRevision,
        expectedVersion: undefined,
        actor: currentCaller(context).name,
        reason: requireText("reason", reason, maxReason),
      });
      await announce(context, db, removed.event);
      return {};
    },
    async listAliases({ model }) {
      const found = await listAliases(db, parseModelName(model));
      return {
        aliases: found.aliases.map(({ name, number, revision, updated_at }) => ({
          model: found.model,
          name,
          version: number,
          revision,
          updateTime: timestampFromDate(updated_at),
        })),
      };
    },
    async listAliasMoves({ model, alias, pageSize: size, pageToken }) {
      const request = { name: parseModelName(model), alias, size: pageSize(size), token: pageToken };
      const { page, next } = await listAliasMoves(db, request);
      return {
        moves: page.map(({ alias, revision, from_number, to_number, actor, reason, at }) => ({
          alias,
          revision,
          fromVersion: from_number ?? 0,
          toVersion: to_number ?? 0,
          actor,
          reason,
          time: timestampFromDate(at),
        })),
        nextPageToken: next,
      };
    },
  };
}
