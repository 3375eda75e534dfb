/**
 * Who may speak with the gateway: a valid token where authentication is on, one's own machine where it is off.
 *
 * The registry decides about tokens; the gateway remembers its decisions, drops them when a token is revoked, and asks
 * again after `decisionMs` in any case, so that a token's expiry takes effect.
 * @module
 */
import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { AppError } from "@mintmark/errors";
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
const loopbackNames = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** For a server without authentication, bound to loopback: only requests addressed to this machine, from no foreign page. */
export function openAccess(ownHosts: readonly string[]): Access {
  const own = new Set([...loopbackNames, ...ownHosts]);
  const isOwn = (authority: string) => own.has(hostName(authority));
  const known = ({ host, origin }: IncomingHttpHeaders) =>
    host !== undefined && isOwn(host) && (origin === undefined || isOwn(originAuthority(origin)));
  return {
    known,
    check: (headers) => {
      if (known(headers)) return undefined;
      const foreignHost = headers.host === undefined || !isOwn(headers.host);
      throw new AppError("ORIGIN_REFUSED", {
        header: foreignHost ? "Host" : "Origin",
        value: (foreignHost ? headers.host : headers.origin) ?? "",
      });
    },
    event: () => {},
    reset: () => {},
  };
}

/** For a server with authentication. `ask` settles if the registry accepts the token, and fails as the registry does. */
export function tokenAccess(ask: (token: string) => Promise<unknown>): Access {
  const allowedUntil = new Lru<string, number>(10_000);
  // Remembered under a digest, so that no secret stays in memory longer than its request.
  const remembered = (token: string) => createHash("sha256").update(token).digest("base64");
  const isKnown = (key: string) => (allowedUntil.get(key) ?? 0) > performance.now();
  return {
    known: (headers) => {
      const token = tokenOf(headers);
      return token !== undefined && isKnown(remembered(token));
    },
    check: (headers) => {
      const token = tokenOf(headers);
      if (token === undefined) throw new AppError("TOKEN_MISSING", {});
      const key = remembered(token);
      if (isKnown(key)) return undefined;
      return ask(token).then(() => allowedUntil.set(key, performance.now() + decisionMs));
    },
    event: (event) => {
      if (event.kind === "token.revoked") allowedUntil.clear();
    },
    reset: () => allowedUntil.clear(),
  };
}

/** The token of `Authorization: Bearer …`, or the password of Basic authentication; undefined if there is neither. */
export function tokenOf({ authorization }: IncomingHttpHeaders): string | undefined {
  if (authorization === undefined) return undefined;
  const [scheme = "", value = ""] = authorization.split(" ", 2);
  if (scheme.toLowerCase() === "bearer") return value === "" ? undefined : value;
  if (scheme.toLowerCase() !== "basic") return undefined;
  const credentials = Buffer.from(value, "base64").toString("utf8");
  const colon = credentials.indexOf(":");
  return colon < 0 || colon === credentials.length - 1 ? undefined : credentials.slice(colon + 1);
}

function hostName(authority: string): string {
  const port = authority.lastIndexOf(":");
  return (port > authority.lastIndexOf("]") ? authority.slice(0, port) : authority).toLowerCase();
}

/** What follows `scheme://`; an opaque origin such as `null` stays as it is, and is foreign. */
function originAuthority(origin: string): string {
  const at = origin.indexOf("://");
  return at < 0 ? origin : origin.slice(at + 3);
}
