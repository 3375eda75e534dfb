import { define } from "../define.ts";

/** Failures that any part can meet. */
export const commonReasons = {
  REQUEST_INVALID: define("invalid_argument", (d: { field: string; problem: string }) => `"${d.field}" ${d.problem}`),
  PAGE_TOKEN_INVALID: define(
    "invalid_argument",
    (d: { token: string }) => `the page token '${d.token}' is not one that this list gave; begin again without it`,
  ),
  FILTER_INVALID: define(
    "invalid_argument",
    (d: { filter: string; at: number; problem: string }) =>
      `the filter ${JSON.stringify(d.filter)} is wrong at character ${d.at}: ${d.problem}`,
  ),
  ORDER_INVALID: define(
    "invalid_argument",
    (d: { order: string; at: number; problem: string }) =>
      `the order ${JSON.stringify(d.order)} is wrong at character ${d.at}: ${d.problem}`,
  ),
  TOKEN_MISSING: define(
    "unauthenticated",
    (_: Record<string, never>) => "a token is required; send it as 'Authorization: Bearer mm_…' (MINTMARK_TOKEN)",
  ),
  TOKEN_INVALID: define(
    "unauthenticated",
    (_: Record<string, never>) => "the token is not valid: unknown, expired or revoked",
  ),
  TOKEN_NAME_TAKEN: define(
    "already_exists",
    (d: { name: string }) => `there is a token '${d.name}' already; choose another name, or revoke that one first`,
  ),
  MESSAGE_OVER_LIMIT: define(
    "resource_exhausted",
    (d: { method: string; unit: "bytes" | "elements"; limit: number; seen?: number | undefined }) =>
      `a message to ${d.method} may have at most ${d.limit} ${d.unit}, and this one has ${d.seen ?? "more"}; send less at once, or more of them`,
  ),
  MESSAGE_TURN: define(
    "resource_exhausted",
    (d: { atOnce: number; seconds: number }) =>
      `only ${d.atOnce} large messages are read at once, and this one had no turn within ${d.seconds} s; try again later`,
    { retryAfter: 5 },
  ),
  AUTHENTICATION_BUSY: define(
    "resource_exhausted",
    (d: { waiting: number }) => `the tokens of ${d.waiting} calls are being looked up already; try again in a moment`,
    { retryAfter: 1 },
  ),
  MESSAGE_TOO_SLOW: define(
    "resource_exhausted",
    (d: { bytes: number; seconds: number }) =>
      `a message has to arrive within ${d.seconds} s, and ${d.bytes} bytes of this one have; send less at once`,
  ),
  QUOTA_REQUESTS: define(
    "resource_exhausted",
    (d: { limit: number; seen: number }) =>
      `this token has ${d.seen} requests under way, and may have ${d.limit} at once; try again when some have ended (MINTMARK_TOKEN_REQUESTS sets the limit)`,
    { retryAfter: 1 },
  ),
  QUOTA_BYTES: define(
    "resource_exhausted",
    (d: { limit: number; seen: number; seconds: number }) =>
      `this token has sent and received ${d.seen} bytes within a minute, and may have ${d.limit} (MINTMARK_TOKEN_BYTES sets the limit); try again in ${d.seconds} s`,
    { retryAfter: (d) => d.seconds },
  ),
  ORIGIN_REFUSED: define(
    "permission_denied",
    (d: { header: string; value: string }) =>
      `${d.header} '${d.value}' is foreign; a server without authentication answers only to its own address`,
  ),
  SERVER_UNREACHABLE: define(
    "unavailable",
    (d: { url: string; cause: string; wayOut?: string }) =>
      `nothing answers at ${d.url} (${d.cause})${d.wayOut === undefined ? "" : `; ${d.wayOut}`}`,
  ),
} as const;
