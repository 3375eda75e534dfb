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
import { httpFailure } from "./http-error.ts";
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
const refusalMs = 1_000;

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
  /** Refusals, for a moment: who repeats a token that is none is not to cost a call each time. */
  const refused = new Lru<string, { readonly until: number; readonly error: unknown }>(10_000);
  const asking = new Map<string, Promise<void>>();
  // An answer that was under way when a token was revoked may be older than that; it counts once, and is not remembered.
  let decisions = 0;
  const isKnown = (key: string) => (allowedUntil.get(key) ?? 0) > performance.now();
  const forget = () => {
    decisions += 1;
    allowedUntil.clear();
    asking.clear();
  };
  const decide = (key: string, token: string): Promise<void> => {
    const known = asking.get(key);
    if (known !== undefined) return known;
    const askedIn = decisions;
    const decision: Promise<void> = ask(token)
      .then(
        () => {
          if (askedIn === decisions) allowedUntil.set(key, performance.now() + decisionMs);
        },
        (error: unknown) => {
          if (isRefusal(error)) refused.set(key, { until: performance.now() + refusalMs, error });
          throw error;
        },
      )
      .finally(() => {
        if (asking.get(key) === decision) asking.delete(key);
      });
    asking.set(key, decision);
    return decision;
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
      const refusal = refused.get(key);
      if (refusal !== undefined && refusal.until > performance.now()) throw refusal.error;
      return decide(key, token);
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

/** The registry says that it is none; any other failure may pass. */
function isRefusal(error: unknown): boolean {
  return httpFailure(error).code === "unauthenticated";
}
