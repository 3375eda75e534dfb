/**
 * What is checked of an artifact before it is registered: the manifest by itself, against the stored bytes, and against the
 * signatures.
 *
 * The registry does not trust digests that it is told: a blob's row holds what was computed while its bytes arrived, and it is
 * those rows that the manifest has to match.
 * @module
 */
import type { PublicKey } from "@mintmark/crypto/keys";
import { MalformedError } from "@mintmark/crypto/malformed-error";
import { findPathProblem, isHexDigest, type ManifestFile } from "@mintmark/crypto/manifest";
import { documentDigest } from "@mintmark/crypto/registration";
import { documentNames, type Verification, verifySignatures } from "@mintmark/crypto/verify-model";
import { AppError } from "@mintmark/errors";
import type { Document, ManifestFile as ManifestFileMessage } from "@mintmark/proto/mintmark/registry/v1/version";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { invalid, requireCount } from "../fields.ts";

export const maxFiles = 100_000;
const maxDocumentBytes = 16 * 1024 * 1024;
const signedDocuments: readonly string[] = [
  documentNames.modelSignature,
  documentNames.modelSignatureEd25519,
  documentNames.provenance,
];

/** What whoever registers files may say of them, and what may be said of files that are here. */
export const makersDocuments: readonly string[] = [...signedDocuments, documentNames.origin];
export const foreignDocuments: readonly string[] = [documentNames.origin];

/** @throws AppError `REQUEST_INVALID` */
export function checkedFiles(messages: readonly ManifestFileMessage[]): ManifestFile[] {
  requireCount("files", messages.length, maxFiles, 1);
  const problem = findPathProblem(messages.map(({ path }) => path));
  if (problem !== undefined) throw invalid(problem.path, problem.problem);
  return messages.map(({ path, size, blake3, sha256 }) => {
    if (size > Number.MAX_SAFE_INTEGER || !isHexDigest(blake3) || !isHexDigest(sha256))
      throw invalid(path, "must have a size and digests of 64 lower-case hex digits");
    return { path, size: Number(size), blake3, sha256 };
  });
}

/** @throws AppError `REQUEST_INVALID` */
export function checkedDocuments(messages: readonly Document[], allowed: readonly string[]): Map<string, Uint8Array> {
  const documents = new Map<string, Uint8Array>();
  for (const { name, content } of messages) {
    if (!allowed.includes(name)) throw invalid("documents", `has '${name}'; expected ${allowed.join(", ")}`);
    if (documents.has(name)) throw invalid("documents", `has '${name}' twice`);
    if (content.length > maxDocumentBytes) throw invalid(name, `must have at most ${maxDocumentBytes} bytes`);
    if (name === documentNames.origin) requireBundle(name, content);
    documents.set(name, content);
  }
  return documents;
}

/** Nobody here can say whether it is true; but the registry's own statement will name what it says. */
function requireBundle(name: string, content: Uint8Array): void {
  try {
    documentDigest(name, content);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw invalid(name, error.message);
  }
}

/** @throws AppError `BLOBS_MISSING`, `MANIFEST_MISMATCH` */
export async function requireStored(db: Db, files: readonly ManifestFile[]): Promise<void> {
  const digests = [...new Set(files.map(({ blake3 }) => blake3))].map((hex) => Buffer.from(hex, "hex"));
  const { rows } = await sql<{ blake3: Buffer; sha256: Buffer; size: bigint }>`
    select blake3, sha256, size from blob where blake3 = any(${digests}::bytea[])`.execute(db);
  const stored = new Map(rows.map((row) => [row.blake3.toString("hex"), row]));

  const missing = files.filter(({ blake3 }) => !stored.has(blake3));
  const [first] = missing;
  if (first !== undefined) throw new AppError("BLOBS_MISSING", { count: missing.length, path: first.path });
  for (const { path, blake3, sha256, size } of files) {
    const blob = stored.get(blake3)!;
    requireEqual(path, "SHA-256", sha256, blob.sha256.toString("hex"));
    requireEqual(path, "size", String(size), String(blob.size));
  }
}

/** @throws AppError `SIGNATURE_REFUSED` */
export function requireSigned(
  files: readonly ManifestFile[],
  documents: ReadonlyMap<string, Uint8Array>,
  trustedKeys: readonly PublicKey[],
): Verification {
  const verification = verifySignatures(files, documents, trustedKeys);
  const failed = verification.checks.find(({ ok }) => !ok);
  if (failed !== undefined) throw new AppError("SIGNATURE_REFUSED", { check: failed.name, detail: failed.detail });
  return verification;
}

function requireEqual(path: string, what: string, stated: string, stored: string): void {
  if (stated !== stored) throw new AppError("MANIFEST_MISMATCH", { path, what, stated, stored });
}
