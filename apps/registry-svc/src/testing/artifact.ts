/**
 * Artifacts for tests: uploaded, signed, ready to be registered.
 * @module
 */
import { createHash } from "node:crypto";
import { blake3Hex } from "@mintmark/crypto/blake3";
import type { SigningKeys } from "@mintmark/crypto/keys";
import type { ManifestFile } from "@mintmark/crypto/manifest";
import { signModelFiles } from "@mintmark/crypto/model-signature";
import { signProvenance } from "@mintmark/crypto/provenance";
import { documentNames } from "@mintmark/crypto/verify-model";
import type { RegistryClient } from "@mintmark/registry-client";

export interface TestArtifact {
  readonly files: { path: string; size: bigint; blake3: string; sha256: string }[];
  readonly documents: { name: string; content: Uint8Array }[];
}

/** Uploads the files and signs them with `keys`. */
export async function uploadArtifact(
  client: RegistryClient,
  keys: SigningKeys,
  contents: Readonly<Record<string, string>>,
): Promise<TestArtifact> {
  const files = Object.entries(contents).map(([path, text]) => describe(path, Buffer.from(text)));
  for (const { path, ...description } of files) await upload(client, description, Buffer.from(contents[path] ?? ""));
  return { files: files.map((file) => ({ ...file, size: BigInt(file.size) })), documents: signed(files, keys) };
}

/** The artifact with a signed provenance, which a job's has to have. */
export function withProvenance({ files, documents }: TestArtifact, keys: SigningKeys): TestArtifact {
  const plain = files.map((file) => ({ ...file, size: Number(file.size) }));
  const facts = { externalParameters: {}, dependencies: [], builder: { id: "urn:test", version: {} } };
  const times = { startedOn: "2026-11-21T00:00:00Z", finishedOn: "2026-11-21T00:00:01Z" };
  const content = signProvenance(plain, { ...facts, ...times, invocationId: "run" }, keys.ed25519);
  return { files, documents: [...documents, { name: documentNames.provenance, content }] };
}

/** Registers a version of one small file; what is in it tells versions apart. */
export async function registerText(client: RegistryClient, keys: SigningKeys, model: string, text: string) {
  const artifact = await uploadArtifact(client, keys, { "weights.txt": text });
  return client.versions.registerVersion({ model, ...artifact });
}

export function describe(path: string, bytes: Uint8Array): ManifestFile {
  return {
    path,
    size: bytes.length,
    blake3: blake3Hex(bytes),
    sha256: createHash("sha256").update(bytes).digest("hex"),
  };
}

export async function upload(
  client: RegistryClient,
  { blake3, sha256, size }: Omit<ManifestFile, "path">,
  bytes: Uint8Array,
  offset = 0,
): Promise<void> {
  const description = { blake3, sha256, size: BigInt(size), offset: BigInt(offset) };
  await client.artifacts.uploadBlob(
    (async function* () {
      yield { part: { case: "description" as const, value: description } };
      for (let begin = offset; begin < bytes.length; begin += 65_536)
        yield { part: { case: "chunk" as const, value: bytes.subarray(begin, begin + 65_536) } };
    })(),
  );
}

export function signed(files: readonly ManifestFile[], keys: SigningKeys): { name: string; content: Uint8Array }[] {
  const { p256, ed25519 } = signModelFiles(files, "test", keys);
  return [
    { name: documentNames.modelSignature, content: p256 },
    { name: documentNames.modelSignatureEd25519, content: ed25519 },
  ];
}
