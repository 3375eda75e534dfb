import { define } from "../define.ts";

/** Failures of the gateway's view of the registry and of its HTTP face. */
export const gatewayReasons = {
  REGISTRY_SILENT: define(
    "unavailable",
    (d: { seconds: number }) =>
      `the registry has been silent for ${d.seconds} s, so what the gateway remembers may be wrong; try again when it is back`,
  ),
  MODEL_NOT_TRUSTED: define(
    "failed_precondition",
    (d: { model: string; version: number; problems: string }) =>
      `version ${d.version} of model '${d.model}' is not served, for it does not verify: ${d.problems}`,
  ),
  MODEL_NOT_SERVABLE: define(
    "failed_precondition",
    (d: { uri: string; missing: string }) => `${d.uri} cannot be served: it has no file '${d.missing}'`,
  ),
  PULLED_FILE_DIFFERS: define(
    "data_loss",
    (d: { path: string }) => `'${d.path}' came from the registry with other bytes than its digest names`,
  ),
  MESSAGE_TOO_LARGE: define(
    "invalid_argument",
    (d: { cause: string }) =>
      `this is too much for one message between gateway and registry; ask for less, or send it in parts (${d.cause})`,
  ),
  BODY_TOO_LARGE: define(
    "resource_exhausted",
    (d: { limit: number; seen: number }) =>
      `the body has ${d.seen} bytes or more, at most ${d.limit} are taken here; send it in parts`,
    { status: 413 },
  ),
  BODY_VALUES_TOO_MANY: define(
    "resource_exhausted",
    (d: { limit: number }) => `the body has more than ${d.limit} values, as many are taken here; send it in parts`,
    { status: 413 },
  ),
  BODIES_TOO_MANY: define(
    "resource_exhausted",
    (d: { room: number; held: number }) =>
      `other requests hold ${d.held} bytes, and all together may hold ${d.room}; try again in a moment (MINTMARK_BODY_MEMORY sets the limit)`,
    { retryAfter: 1 },
  ),
  ROUTE_NOT_FOUND: define(
    "not_found",
    (d: { method: string; path: string }) => `there is nothing at ${d.method} ${d.path}`,
  ),
} as const;
