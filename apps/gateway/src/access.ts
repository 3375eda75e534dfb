/**
 * Who may speak with the gateway: a valid token where authentication is on, one's own machine where it is off.
 *
 * The registry decides about tokens; the gateway remembers its decisions, drops them when a token is revoked, and asks
 * again after `decisionMs` in any case, so that a token's expiry takes effect.
 * @module
 */
import { createHash } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { AppError } from "@mintmark/errors";
import { foreignHeader, ownAddress, requireOwnAddress } from "@mintmark/http-edge/own-address";
import { enterQuota, openQuotas, type QuotaLimits } from "@mintmark/http-edge/quotas";
import { parseToken, tokenIn } from "@mintmark/http-edge/token";
import type { Event } from "@mintmark/proto/mintmark/registry/v1/event";
import { Lru } from "./view/lru.ts";

export interface Access {
  /**
   * Lets the caller pass, at once if the decision is remembered.
   * @throws AppError `TOKEN_MISSING`, `TOKEN_INVALID`, `ORIGIN_REFUSED`
   */
  readonly check: (headers: IncomingHttpHeaders) => undefined | Promise<void>;
  /** As `check`, but only from memory: false means "not known to be allowed". */
  readonly known: (headers: IncomingHttpHeaders) => boolean;
  readonly event: (event: Event) => void;
  readonly reset: () => void;
}

const decisionMs = 10_000;

/** For a server without authentication, bound to loopback: only requests addressed to this machine, from no foreign page. */
export function openAccess(ownHosts: readonly string[], publicUrl?: string): Access {
  const own = ownAddress(ownHosts, publicUrl);
  return {
    known: (headers) => foreignHeader(headers, own) === undefined,
    check: (headers) => {
      requireOwnAddress(headers, own);
      return undefined;
    },
    event: () => {},
    reset: () => {},
  };
}

/** For a server with authentication. `ask` settles if the registry accepts the token, and fails as the registry does. */
export function tokenAccess(ask: (token: string) => Promise<unknown>): Access {
  const allowedUntil = new Lru<string, number>(10_000);
  // An answer that was under way when a token was revoked may be older than that; it counts once, and is not remembered.
  let decisions = 0;
  const isKnown = (key: string) => (allowedUntil.get(key) ?? 0) > performance.now();
  const forget = () => {
    decisions += 1;
    allowedUntil.clear();
  };
  return {
    known: (headers) => {
      const token = tokenIn(headers.authorization);
      return token !== undefined && isKnown(digestOf(token));
    },
    check: (headers) => {
      const token = tokenIn(headers.authorization);
      if (token === undefined) throw new AppError("TOKEN_MISSING", {});
      const key = digestOf(token);
      if (isKnown(key)) return undefined;
      const askedIn = decisions;
      return ask(token).then(() => {
        if (askedIn === decisions) allowedUntil.set(key, performance.now() + decisionMs);
      });
    },
    event: (event) => {
      if (event.kind === "token.revoked") forget();
    },
    reset: forget,
  };
}

/**
 * Counts requests that were allowed by their token. What is answered from memory, at once, is not counted.
 * @returns throws AppError `QUOTA_REQUESTS`, `QUOTA_BYTES`
 */
export function quotaOfTokens(limits: QuotaLimits): (request: IncomingMessage, response: ServerResponse) => void {
  const quotas = openQuotas(limits);
  return (request, response) => {
    const id = parseToken(tokenIn(request.headers.authorization) ?? "")?.id;
    if (id !== undefined) enterQuota(quotas, id, request, response);
  };
}

/** Under which a token is remembered, so that no secret stays in memory longer than its request. */
function digestOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
