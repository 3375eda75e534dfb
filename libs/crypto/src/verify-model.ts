/**
 * Verifies a model without trusting whoever delivered it: the files against the manifest, the manifest against the
 * signatures, and what is registered against the registry's statement, each by keys that the caller trusts.
 *
 * Pure: whoever calls has hashed the files. Every failure has a check and a message of its own.
 * @module
 */

import { describeDifferences } from "./compare-files.ts";
import type { KeyAlgorithm, PublicKey } from "./keys.ts";
import { MalformedError } from "./malformed-error.ts";
import { artifactDigest, type ManifestFile, parseManifest } from "./manifest.ts";
import { modelSignatureType, type SignedFile, signedFiles } from "./model-signature.ts";
import { pickledFiles } from "./pickled-files.ts";
import { isTrainingProvenance, provenanceFiles, provenanceType } from "./provenance.ts";
import { documentDigest, type Registration, registrationOf, registrationType } from "./registration.ts";
import { type Statement, verifyStatement } from "./statement.ts";

/** The documents by their file names. */
export const documentNames = {
  manifest: "manifest.json",
  modelSignature: "model.sig",
  modelSignatureEd25519: "model.ed25519.sigstore.json",
  provenance: "provenance.sigstore.json",
  registration: "registration.sigstore.json",
  /** What another registry stated of it, before it came here. */
  origin: "origin.sigstore.json",
  card: "model_card.json",
  cardText: "model_card.md",
} as const;

export interface Check {
  /** `files`, or the document that was checked. */
  readonly name: string;
  readonly ok: boolean;
  /** What was found. */
  readonly detail: string;
}

export interface Verification {
  readonly ok: boolean;
  readonly checks: readonly Check[];
  /** The ids of the trusted keys whose signatures hold, each once. */
  readonly signedBy: readonly string[];
  /** What the registry signed, if that is there and signed by a trusted key. */
  readonly registration?: Registration;
  /** Whether a trusted key states that a training job of Mintmark made these files. */
  readonly isTrained: boolean;
  /** Files that Python runs as code when it loads them, by their names. */
  readonly pickledFiles: readonly string[];
}

export type Documents = ReadonlyMap<string, Uint8Array>;

export interface DeliveredModel {
  /** The files as they were found and hashed. */
  readonly files: readonly ManifestFile[];
  /** By file name, `manifest.json` included. */
  readonly documents: Documents;
  readonly trustedKeys: readonly PublicKey[];
  /** What it should be, where the caller knows from elsewhere. */
  readonly expected?: Partial<Pick<Registration, "model" | "modelId" | "version" | "semver" | "digest">>;
}

/** Verifies what `pull` wrote, or a server delivered. */
export function verifyModel({ files, documents, trustedKeys, expected = {} }: DeliveredModel): Verification {
  const manifest = manifestCheck(documents, expected.digest);
  if (manifest.files === undefined) return summarize(files, [manifest]);
  const listed = manifest.files;
  const registration = registrationCheck(listed, documents, trustedKeys, expected);
  return summarize(files, [
    manifest,
    filesCheck(listed, files),
    ...(isUnsigned(registration) ? unsignedChecks() : modelSignatureChecks(listed, documents, trustedKeys)),
    ...provenanceChecks(listed, documents, trustedKeys),
    registration,
  ]);
}

/** Verifies what somebody wants to register: both model signatures, and the provenance if there is one. */
export function verifySignatures(
  files: readonly ManifestFile[],
  documents: Documents,
  trustedKeys: readonly PublicKey[],
): Verification {
  return summarize(files, [
    ...modelSignatureChecks(files, documents, trustedKeys),
    ...provenanceChecks(files, documents, trustedKeys),
  ]);
}

/**
 * Whether the registry states that the model came without a maker's signature, as those do that clients of MLflow upload. Only
 * a statement that holds counts: one that names a signature which is missing does not.
 */
function isUnsigned({ ok, registration }: KeyedCheck): boolean {
  if (!ok || registration === undefined) return false;
  return signatureNames.every((name) => !Object.hasOwn(registration.documents, name));
}

const signatureNames = [documentNames.modelSignature, documentNames.modelSignatureEd25519];

function unsignedChecks(): KeyedCheck[] {
  const detail = "no maker's signature: uploaded through MLflow; the registry's statement names none";
  return signatureNames.map((name) => ({ name, ok: true, detail }));
}

interface KeyedCheck extends Check {
  readonly keyId?: string;
  readonly registration?: Registration;
  readonly isTrained?: boolean;
}

function summarize(files: readonly ManifestFile[], checks: readonly KeyedCheck[]): Verification {
  const keyIds = checks.flatMap(({ ok, keyId }) => (ok && keyId !== undefined ? [keyId] : []));
  const registration = checks.find((check) => check.registration !== undefined)?.registration;
  return {
    ok: checks.every(({ ok }) => ok),
    checks: checks.map(({ name, ok, detail }) => ({ name, ok, detail })),
    signedBy: [...new Set(keyIds)].sort(),
    ...(registration === undefined ? {} : { registration }),
    isTrained: checks.some((check) => check.ok && check.isTrained === true),
    pickledFiles: pickledFiles(files),
  };
}

function manifestCheck(documents: Documents, expected: string | undefined): Check & { files?: ManifestFile[] } {
  const name = documentNames.manifest;
  const bytes = documents.get(name);
  if (bytes === undefined) return failed(name, "is missing");
  try {
    const files = parseManifest(bytes);
    const digest = artifactDigest(files);
    if (expected !== undefined && digest !== expected) return failed(name, `is of ${digest}, expected ${expected}`);
    return { name, ok: true, detail: `${digest}, ${count(files.length, "file")}`, files };
  } catch (error) {
    return failed(name, problemOf(error));
  }
}

function filesCheck(listed: readonly ManifestFile[], found: readonly ManifestFile[]): Check {
  const identify = ({ path, size, blake3, sha256 }: ManifestFile) => ({
    path,
    identity: `${size} ${blake3} ${sha256}`,
  });
  const differences = describeDifferences(listed.map(identify), found.map(identify));
  if (differences !== undefined) return failed("files", `are not those of the manifest: ${differences}`);
  return { name: "files", ok: true, detail: `${count(found.length, "file")} as in the manifest` };
}

function modelSignatureChecks(
  listed: readonly ManifestFile[],
  documents: Documents,
  trustedKeys: readonly PublicKey[],
): KeyedCheck[] {
  const { modelSignature, modelSignatureEd25519 } = documentNames;
  const check = (name: string, rule: SignatureRule) => signatureCheck(name, documents, trustedKeys, rule, listed);
  return [
    check(modelSignature, { algorithm: "ecdsa-p256", predicateType: modelSignatureType, filesOf: signedFiles }),
    check(modelSignatureEd25519, { algorithm: "ed25519", predicateType: modelSignatureType, filesOf: signedFiles }),
  ];
}

/** A model that was pushed by hand has none; that one was taken away shows in the registration, which names it. */
function provenanceChecks(
  listed: readonly ManifestFile[],
  documents: Documents,
  trustedKeys: readonly PublicKey[],
): KeyedCheck[] {
  const { provenance } = documentNames;
  if (!documents.has(provenance)) return [];
  const rule = { algorithm: "ed25519", predicateType: provenanceType, filesOf: provenanceFiles } as const;
  return [signatureCheck(provenance, documents, trustedKeys, rule, listed)];
}

interface SignatureRule {
  readonly algorithm: KeyAlgorithm;
  readonly predicateType: string;
  readonly filesOf: (statement: Statement) => SignedFile[];
}

function signatureCheck(
  name: string,
  documents: Documents,
  trustedKeys: readonly PublicKey[],
  { algorithm, predicateType, filesOf }: SignatureRule,
  listed: readonly ManifestFile[],
): KeyedCheck {
  const bytes = documents.get(name);
  if (bytes === undefined) return failed(name, "is missing: the model is not signed with it");
  try {
    const { statement, key } = verifyStatement(bytes, { predicateType, algorithm, trustedKeys });
    const identify = ({ path, sha256 }: SignedFile) => ({ path, identity: sha256 });
    const differences = describeDifferences(filesOf(statement).map(identify), listed.map(identify));
    if (differences !== undefined)
      return failed(name, `is a valid signature of other files (${subjectOf(statement)}): ${differences}`);
    const detail = `${algorithm} key ${key.id}`;
    return { name, ok: true, detail, keyId: key.id, isTrained: isTrainingProvenance(statement) };
  } catch (error) {
    return failed(name, problemOf(error));
  }
}

function registrationCheck(
  listed: readonly ManifestFile[],
  documents: Documents,
  trustedKeys: readonly PublicKey[],
  expected: NonNullable<DeliveredModel["expected"]>,
): KeyedCheck {
  const name = documentNames.registration;
  const bytes = documents.get(name);
  if (bytes === undefined) return failed(name, "is missing: no registry states what this is");
  try {
    const expectations = { predicateType: registrationType, algorithm: "ed25519", trustedKeys } as const;
    const { statement, key } = verifyStatement(bytes, expectations);
    const registration = registrationOf(statement);
    const problem =
      unexpectedField(registration, { ...expected, digest: artifactDigest(listed) }) ??
      documentProblem(registration.documents, documents);
    if (problem !== undefined) return { ...failed(name, problem), registration };
    const { model, version, semver } = registration;
    const detail = `${model}/${version} (${semver}), ed25519 key ${key.id}`;
    return { name, ok: true, detail, keyId: key.id, registration };
  } catch (error) {
    return failed(name, problemOf(error));
  }
}

function unexpectedField(
  registration: Registration,
  expected: NonNullable<DeliveredModel["expected"]>,
): string | undefined {
  for (const field of ["model", "modelId", "version", "semver", "digest"] as const) {
    const value = expected[field];
    if (value !== undefined && registration[field] !== value)
      return `states ${field} '${registration[field]}' instead of '${value}'`;
  }
  return undefined;
}

/** The documents have to be those that were registered, no more and no less. */
function documentProblem(registered: Registration["documents"], documents: Documents): string | undefined {
  const own = new Set<string>([documentNames.manifest, documentNames.registration]);
  for (const [name, bytes] of documents) {
    if (own.has(name)) continue;
    const digest = Object.hasOwn(registered, name) ? registered[name] : undefined;
    if (digest === undefined) return `does not name the document '${name}'`;
    if (documentDigest(name, bytes) !== digest) return `names another '${name}' than the one that is there`;
  }
  const missing = Object.keys(registered).find((name) => !documents.has(name));
  return missing === undefined ? undefined : `names the document '${missing}', which is missing`;
}

/** What a signature calls the thing that it signs. */
function subjectOf({ subject }: Statement): string {
  return subject.length === 1 ? `'${subject[0]!.name}'` : count(subject.length, "file");
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

function failed(name: string, detail: string): Check {
  return { name, ok: false, detail };
}

/** What the readers say is wrong; anything else is a fault of ours. */
function problemOf(error: unknown): string {
  if (error instanceof MalformedError) return error.message;
  throw error;
}
