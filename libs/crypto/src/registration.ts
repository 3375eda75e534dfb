/**
 * The registry's own statement about a version: this artifact is this version of this model, and these documents
 * belong to it. Signed with Ed25519.
 *
 * The documents are named by digest, so that none can be taken away or exchanged afterwards without notice.
 * @module
 */
import { parseBundle } from "./bundle.ts";
import type { SigningKey } from "./keys.ts";
import { MalformedError } from "./malformed-error.ts";
import { artifactDigest, isHexDigest, type ManifestFile, manifestBytes } from "./manifest.ts";
import { sha256Hex } from "./sha256.ts";
import { type Statement, signStatement } from "./statement.ts";

/** A name, not an address. */
export const registrationType = "urn:mintmark:attestation:registration:v1";

/** What is registered as what. */
export interface Registration {
  /** The name of the model, in the form in which it was registered. */
  readonly model: string;
  /** The identity of the model, a UUID. */
  readonly modelId: string;
  readonly version: number;
  readonly semver: string;
  /** `blake3:<hex>` */
  readonly digest: string;
  /** Name of each document → {@link documentDigest}. */
  readonly documents: { readonly [name: string]: string };
}

export interface RegistrationFacts extends Omit<Registration, "digest" | "documents"> {
  readonly files: readonly ManifestFile[];
  /** Name → bytes: signatures, provenance, card. */
  readonly documents: ReadonlyMap<string, Uint8Array>;
}

/** `registration.sigstore.json` */
export function signRegistration(facts: RegistrationFacts, key: SigningKey): Uint8Array<ArrayBuffer> {
  return signStatement(registrationStatement(facts), key);
}

/** @throws MalformedError if a field is missing. */
export function registrationOf({ subject, predicate }: Statement): Registration {
  const { model, modelId, version, semver, digest, documents } = predicate as Partial<Registration>;
  if (
    typeof model !== "string" ||
    typeof modelId !== "string" ||
    typeof version !== "number" ||
    typeof semver !== "string" ||
    typeof digest !== "string" ||
    typeof documents !== "object"
  )
    throw new MalformedError("has no model, version, digest and documents");
  if (subject.length !== 1 || `blake3:${subject[0]?.digest["blake3"]}` !== digest)
    throw new MalformedError("is not about the artifact whose digest it states");
  if (!Object.values(documents).every((value) => typeof value === "string" && isHexDigest(value)))
    throw new MalformedError("names a document without SHA-256");
  return { model, modelId, version, semver, digest, documents };
}

/**
 * Hex SHA-256 of what a document says: of the payload of a signed one, because the same signature can be written down in
 * more than one way, and of the bytes of any other.
 */
export function documentDigest(name: string, bytes: Uint8Array): string {
  const isSigned = name.endsWith(".sig") || name.endsWith(".sigstore.json");
  return sha256Hex(isSigned ? parseBundle(bytes).envelope.payload : bytes);
}

function registrationStatement(facts: RegistrationFacts): Statement {
  const { model, modelId, version, semver, files } = facts;
  const manifest = manifestBytes(files);
  const digest = artifactDigest(files);
  const documents = [...facts.documents].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    subject: [
      { name: "manifest.json", digest: { sha256: sha256Hex(manifest), blake3: digest.slice("blake3:".length) } },
    ],
    predicateType: registrationType,
    predicate: {
      model,
      modelId,
      version,
      semver,
      digest,
      documents: Object.fromEntries(documents.map(([name, bytes]) => [name, documentDigest(name, bytes)])),
    },
  };
}
