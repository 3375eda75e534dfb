/**
 * What somebody who asks for a URI expects to get, as far as the URI itself says it.
 *
 * A server could answer with another model that is properly registered and signed. Name, number, semantic version and
 * digest that stand in the URI are therefore compared with what the registry signed; an alias cannot be.
 * @module
 */
import type { Check } from "@mintmark/crypto/verify-model";
import { fullName } from "@mintmark/names/model-name";
import { parseModelUri } from "@mintmark/names/model-uri";

export interface RequestedIdentity {
  /** `catalog.schema.model` */
  readonly model?: string;
  readonly version?: number;
  readonly semver?: string;
  /** `blake3:<hex>` */
  readonly digest?: string;
}

/**
 * The identity in any form of URI; nothing of `m-<id>` and `runs:/…`, which name no model.
 * @throws AppError `URI_INVALID`, `NAME_INVALID`
 */
export function requestedIdentity(uri: string): RequestedIdentity {
  const asked = parseModelUri(uri);
  switch (asked.kind) {
    case "logged-model":
    case "run":
      return {};
    case "number":
      return { model: asked.name.full, version: asked.number };
    case "semver":
      return { model: asked.name.full, semver: asked.semver };
    case "digest":
      return { model: asked.name.full, digest: `blake3:${asked.blake3}` };
    default:
      return { model: asked.name.full };
  }
}

/** Compares it with the name and version that the registry signed. */
export function requestCheck(
  uri: string,
  registered: { readonly model: string; readonly version: number; readonly semver: string; readonly digest: string },
): Check {
  const requested = requestedIdentity(uri);
  const failed = (detail: string): Check => ({ name: "request", ok: false, detail });
  // Who names the digest gets those bytes, under whatever name they were registered.
  if (requested.digest !== undefined) {
    if (requested.digest !== registered.digest)
      return failed(`asked for ${requested.digest}, got ${registered.digest}`);
  } else if (requested.model !== undefined && requested.model !== fullName(registered.model))
    return failed(
      `asked for '${uri}', got what was registered as '${registered.model}'; if the model was renamed since, ask for ` +
        `NAME@${registered.digest}`,
    );
  for (const field of ["version", "semver"] as const)
    if (requested[field] !== undefined && requested[field] !== registered[field])
      return failed(`asked for ${field} ${requested[field]}, got ${registered[field]}`);
  return { name: "request", ok: true, detail: `'${uri}' is ${registered.model}/${registered.version}` };
}
