/**
 * What the registry says about a version, taken with the care that a stranger's word deserves.
 * @module
 */
import type { PublicKey } from "@mintmark/crypto/keys";
import { documentFolder, type ManifestFile, manifestBytes } from "@mintmark/crypto/manifest";
import { documentNames, type Verification, verifyModel } from "@mintmark/crypto/verify-model";
import { AppError } from "@mintmark/errors";
import type { Version } from "@mintmark/proto/mintmark/registry/v1/version";
import type { RegistryClient } from "./connect.ts";
import { requestCheck } from "./requested-identity.ts";

export interface VersionContent {
  readonly version: Version;
  readonly files: readonly ManifestFile[];
  /** By file name, `manifest.json` included; none of a version without digest. */
  readonly documents: ReadonlyMap<string, Uint8Array>;
}

/**
 * Reads manifest and documents of a version; none of its paths can lead out of a directory.
 * @throws AppError VERIFICATION_FAILED
 */
export async function readVersionContent(client: RegistryClient, uri: string): Promise<VersionContent> {
  const { version, files: listed, documents: sent } = await client.versions.getVersionContent({ uri });
  if (version === undefined) throw refusal(uri, "version", "is not in the answer");
  // Nothing of it is taken: without a digest there is nothing to hold it to.
  if (version.digest === "") return { version, files: [], documents: new Map() };
  const files = listed.map(({ path, size, blake3, sha256 }) => ({ path, size: Number(size), blake3, sha256 }));
  const documents = new Map<string, Uint8Array>([[documentNames.manifest, manifestOf(uri, files)]]);
  for (const { name, content } of sent) {
    // It becomes a file name below `.mintmark/`.
    if (!writable.has(name)) throw refusal(uri, name, `is not a document that belongs into ${documentFolder}`);
    documents.set(name, content);
  }
  return { version, files, documents };
}

/** Verifies signatures and registration, and that it is what was asked for; `files` are those that were really there. */
export function verifyContent(
  uri: string,
  { version, documents }: VersionContent,
  files: readonly ManifestFile[],
  trustedKeys: readonly PublicKey[],
): Verification {
  const { modelId, number, semver, digest } = version;
  if (digest === "") return unverifiable(version);
  // The name may have changed since; that is for the check of the request.
  const expected = { modelId, version: number, semver, digest };
  const verification = verifyModel({ files, documents, trustedKeys, expected });
  const registered = verification.registration;
  if (registered === undefined) return verification;
  const check = requestCheck(uri, registered);
  return { ...verification, ok: verification.ok && check.ok, checks: [...verification.checks, check] };
}

/** Of a version whose bytes are not at the registry. */
function unverifiable({ model, number, source }: Version): Verification {
  const { message } = new AppError("VERSION_NOT_VERIFIABLE", { model, version: number, source });
  return {
    ok: false,
    checks: [{ name: documentNames.manifest, ok: false, detail: `is missing: ${message}` }],
    signedBy: [],
    isTrained: false,
    pickledFiles: [],
  };
}

const writable: ReadonlySet<string> = new Set<string>(Object.values(documentNames));

/** Refuses any list that no manifest could be, with paths that lead out first of all. */
function manifestOf(uri: string, files: readonly ManifestFile[]): Uint8Array {
  try {
    return manifestBytes(files);
  } catch (error) {
    throw refusal(uri, documentNames.manifest, (error as Error).message);
  }
}

function refusal(uri: string, name: string, detail: string): AppError {
  return new AppError("VERIFICATION_FAILED", { what: `'${uri}'`, failures: [{ name, detail }] });
}
