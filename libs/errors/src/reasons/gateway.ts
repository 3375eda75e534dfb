import { define } from "../define.ts";

/** Failures of the gateway's view of the registry and of its HTTP face. */
export const gatewayReasons = {
  REGISTRY_SILENT: define(
    "unavailable",
    (d: { seconds: number }) =>
      `the registry has been silent for ${d.seconds} s, so what the gateway remembers may be wrong; try again when it is back`,
  ),
  ROUTE_NOT_FOUND: define(
    "not_found",
    (d: { method: string; path: string }) => `there is nothing at ${d.method} ${d.path}`,
  ),
} as const;
