/**
 * What somebody who asks for a URI expects to get, as far as the URI itself says it.
 *
 * A server could answer with another model that is properly registered and signed. Name, number, semantic version and
 * digest that stand in the URI are therefore compared with what the registry signed; an alias cannot be.
 * @module
 */
import type { Check } from "@mintmark/crypto/verify-model";

export interface RequestedIdentity {
  /** `catalog.schema.model` */
  readonly model?: string;
  readonly version?: number;
  readonly semver?: string;
  /** `blake3:<hex>` */
  readonly digest?: string;
}

/** The identity in any form of URI; nothing of `m-<id>` and `runs:/…`, which name no model. */
export function requestedIdentity(uri: string): RequestedIdentity {
  const [path = ""] = uri.replace(/^models:\//, "").split("?");
  if (path.startsWith("runs:/") || /^m-[0-9a-f-]{32,}$/.test(path)) return {};
  const at = path.lastIndexOf("@");
  if (at !== -1) {
    const suffix = path.slice(at + 1);
    const digest = suffix.startsWith("blake3:") ? { digest: suffix } : {};
    return { model: qualify(path.slice(0, at)), ...digest };
  }
  const [name = "", segment = ""] = path.split("/");
  return { model: qualify(name), ...versionOf(segment) };
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
  } else if (requested.model !== undefined && requested.model !== qualify(registered.model))
    return failed(
      `asked for '${uri}', got what was registered as '${registered.model}'; if the model was renamed since, ask for ` +
        `NAME@${registered.digest}`,
    );
  for (const field of ["version", "semver"] as const)
    if (requested[field] !== undefined && requested[field] !== registered[field])
      return failed(`asked for ${field} ${requested[field]}, got ${registered[field]}`);
  return { name: "request", ok: true, detail: `'${uri}' is ${registered.model}/${registered.version}` };
}

/** A name that is not of three parts is a model of the default schema. */
function qualify(name: string): string {
  const parts = name.split(".");
  const isQualified = parts.length === 3 && parts.every((part) => part !== "");
  return isQualified ? name : `main.default.${name}`;
}

function versionOf(segment: string): RequestedIdentity {
  if (/^\d+$/.test(segment)) return { version: Number(segment) };
  return /^\d+\.\d+\.\d+$/.test(segment) ? { semver: segment } : {};
}
