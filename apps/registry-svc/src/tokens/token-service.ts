/**
 * RPC face of tokens.
 * @module
 */
import type { ServiceImpl } from "@connectrpc/connect";
import type { TokenService } from "@mintmark/proto/mintmark/access/v1/token_service";
import { currentCaller } from "../caller.ts";
import { announce, eventHead } from "../events/announce.ts";
import { pageSize } from "../paging.ts";
import { dateOf } from "../request-time.ts";
import type { ServiceDeps } from "../service-deps.ts";
import { createToken } from "./create-token.ts";
import { findToken, listTokens, tokenMessage } from "./find-token.ts";
import { revokeToken } from "./revoke-token.ts";

export function tokenService({ db }: Pick<ServiceDeps, "db">): ServiceImpl<typeof TokenService> {
  return {
    async getCaller(_, context) {
      const event = await eventHead(db);
      return { caller: { ...currentCaller(context) }, event };
    },
    async createToken({ name, expireTime }, context) {
      const expiresAt = dateOf("expire_time", expireTime) ?? undefined;
      const { id, secret, event } = await createToken(db, { name, expiresAt, actor: currentCaller(context).name });
      await announce(context, db, event);
      return { token: tokenMessage(await findToken(db, id)), secret };
    },
    async listTokens({ pageSize: size, pageToken }) {
      const { page, next } = await listTokens(db, pageSize(size), pageToken);
      return { tokens: page.map(tokenMessage), nextPageToken: next };
    },
    async revokeToken({ id }, context) {
      const event = await revokeToken(db, id, currentCaller(context).name);
      const token = await findToken(db, id);
      await announce(context, db, event);
      return { token: tokenMessage(token) };
    },
  };
}
