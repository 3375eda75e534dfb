/**
 * The signature of a model's files in the form of OpenSSF Model Signing v1.0, which `model_signing verify key` accepts:
 * `model.sig` with P-256, and a twin of the same statement with Ed25519, which that tool cannot read.
 *
 * Every file is listed by SHA-256 and none is left out: `ignore_paths` would let a file be replaced unseen.
 * @module
 */
import { concatBytes, fromHex } from "./bytes.ts";
import type { SigningKeys } from "./keys.ts";
import { MalformedError } from "./malformed-error.ts";
import { isHexDigest, type ManifestFile, sortByPath } from "./manifest.ts";
import { sha256Hex } from "./sha256.ts";
import { type Statement, signStatementBytes, statementBytes } from "./statement.ts";

export const modelSignatureType = "https://model_signing/signature/v1.0";

/** A file as a signature lists it. */
export interface SignedFile {
  readonly path: string;
  readonly sha256: string;
}

export interface ModelSignatures {
  /** `model.sig` */
  readonly p256: Uint8Array;
  /** `model.ed25519.sigstore.json` */
  readonly ed25519: Uint8Array;
}

/** @param name how people call the model; informative */
export function signModelFiles(files: readonly ManifestFile[], name: string, keys: SigningKeys): ModelSignatures {
  const payload = statementBytes(modelStatement(files, name));
  return { p256: signStatementBytes(payload, keys.p256), ed25519: signStatementBytes(payload, keys.ed25519) };
}

/**
 * The files that a model signature covers.
 * @throws MalformedError if it covers them in a way that would let changes through.
 */
export function signedFiles(statement: Statement): SignedFile[] {
  const { serialization, resources } = statement.predicate as Partial<ModelPredicate>;
  requireWholeFiles(serialization);
  const files = (Array.isArray(resources) ? resources : []).map(signedFile);
  const [subject, ...others] = statement.subject;
  if (subject === undefined || others.length > 0) throw new MalformedError("has not exactly one subject");
  if (subject.digest["sha256"] !== rootDigest(files))
    throw new MalformedError("has a digest that is not that of its files");
  return files;
}

interface ModelPredicate {
  readonly serialization: {
    readonly method?: unknown;
    readonly hash_type?: unknown;
    readonly allow_symlinks?: unknown;
    readonly ignore_paths?: unknown;
  };
  readonly resources: readonly { readonly name?: unknown; readonly algorithm?: unknown; readonly digest?: unknown }[];
}

function modelStatement(files: readonly ManifestFile[], name: string): Statement {
  const sorted = sortByPath(files);
  return {
    subject: [{ name, digest: { sha256: rootDigest(sorted) } }],
    predicateType: modelSignatureType,
    predicate: {
      serialization: { method: "files", hash_type: "sha256", allow_symlinks: false },
      resources: sorted.map(({ path, sha256 }) => ({ name: path, algorithm: "sha256", digest: sha256 })),
    },
  };
}

/** SHA-256 over the raw digests in listed order; the names are covered by the signature alone. */
function rootDigest(files: readonly SignedFile[]): string {
  return sha256Hex(concatBytes(files.map(({ sha256 }) => fromHex(sha256))));
}

function requireWholeFiles(serialization: ModelPredicate["serialization"] | undefined): void {
  const { method, hash_type, allow_symlinks, ignore_paths } = serialization ?? {};
  if (method !== "files" || hash_type !== "sha256")
    throw new MalformedError(`lists files by '${method}' and '${hash_type}' instead of 'files' and 'sha256'`);
  if (allow_symlinks === true) throw new MalformedError("allows links");
  if (ignore_paths !== undefined && !(Array.isArray(ignore_paths) && ignore_paths.length === 0))
    throw new MalformedError(`leaves files unsigned: ignore_paths is ${JSON.stringify(ignore_paths)}`);
}

function signedFile(resource: ModelPredicate["resources"][number] | null): SignedFile {
  const { name, algorithm, digest } = resource ?? {};
  if (typeof name !== "string" || algorithm !== "sha256" || typeof digest !== "string" || !isHexDigest(digest))
    throw new MalformedError("lists a file without name and SHA-256");
  return { path: name, sha256: digest };
}
