/**
 * Who is calling, by the token that the call carries.
 *
 * The event number of the answer "this token is valid" is known to callers (GetCaller), so that a gateway can keep the decision
 * until a later event says otherwise; here every call looks it up, because here a revocation holds at once.
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { HandlerContext } from "@connectrpc/connect";
import { AppError } from "@mintmark/errors";
import { enterQuota, type Quotas } from "@mintmark/http-edge/quotas";
import { parseToken, tokenIn } from "@mintmark/http-edge/token";
import { anyone, type Caller, callerKey } from "../caller.ts";
import type { Db } from "../db/schema.ts";
import { toConnectError } from "../error-interceptor.ts";
import { isSecretOf } from "./token-secret.ts";

export type Authenticate = (authorization: string | null) => Promise<Caller>;

/**
 * Lets a request of plain HTTP pass, for the time of its answer.
 * @throws AppError as {@link Authenticate}, `QUOTA_REQUESTS`, `QUOTA_BYTES`
 */
export type Admit = (request: IncomingMessage, response: ServerResponse) => Promise<Caller>;

export function admitBy(authenticate: Authenticate, quotas: Quotas): Admit {
  return async (request, response) => {
    const caller = await authenticate(request.headers.authorization ?? null);
    if (caller.tokenId !== "") enterQuota(quotas, caller.tokenId, request, response);
    return caller;
  };
}

/** Without authentication everyone is `admin`. */
export const authenticateNobody: Authenticate = async () => anyone;

/** Calls whose token is being looked up: some tenths of a second of the database's time. */
const mostAtOnce = 500;

/** @throws AppError `TOKEN_MISSING`, `TOKEN_INVALID`, `AUTHENTICATION_BUSY` */
export function authenticateBy(db: Db): Authenticate {
  let asking = 0;
  const find = async (id: string) => {
    if (asking >= mostAtOnce) throw new AppError("AUTHENTICATION_BUSY", { waiting: asking });
    asking++;
    try {
      return await findValid(db, id);
    } finally {
      asking--;
    }
  };
  return async (authorization) => {
    const given = tokenIn(authorization);
    if (given === undefined) throw new AppError("TOKEN_MISSING", {});
    const token = parseToken(given);
    const row = token && (await find(token.id));
    if (token === undefined || row === undefined || !isSecretOf(token.secret, row.secret_sha256))
      throw new AppError("TOKEN_INVALID", {});
    return { name: row.name, role: "admin", tokenId: token.id };
  };
}

/**
 * Asks, before a byte of the body is read, who is calling.
 * @param isOpen whether a method, by its service's full name, may be called by anyone (health, reflection)
 * @param onUnexpected is told of failures that are neither the caller's nor an outage
 */
export function authentication(
  authenticate: Authenticate,
  isOpen: (service: string) => boolean,
  onUnexpected: (error: unknown) => void,
): (context: HandlerContext) => Promise<void> {
  return async ({ service, requestHeader, values }) => {
    if (isOpen(service.typeName)) return;
    try {
      values.set(callerKey, await authenticate(requestHeader.get("authorization")));
    } catch (error) {
      throw toConnectError(error, onUnexpected);
    }
  };
}

function findValid(db: Db, id: string) {
  return db
    .selectFrom("token")
    .select(["name", "secret_sha256"])
    .where("id", "=", id)
    .where("revoked_at", "is", null)
    .where((eb) => eb.or([eb("expires_at", "is", null), eb("expires_at", ">", new Date())]))
    .executeTakeFirst();
}
