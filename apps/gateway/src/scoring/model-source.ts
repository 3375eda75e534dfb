/**
 * From a version to a model that can be run: nothing is pulled, and nothing run, before every signature holds.
 * @module
 */
import { collectDigests } from "@mintmark/crypto/digests";
import { artifactDigest, type ManifestFile, manifestBytes } from "@mintmark/crypto/manifest";
import { type Documents, documentNames, type Verification, verifyModel } from "@mintmark/crypto/verify-model";
import { AppError } from "@mintmark/errors";
import type { Pieces } from "@mintmark/model-runtime/messages";
import type { RunnableModel } from "@mintmark/model-runtime/model-runtime";
import type { Version } from "@mintmark/proto/mintmark/registry/v1/version";
import { type RegistryClient, readTrustedKeys } from "@mintmark/registry-client";

const modelFile = "model.onnx";
const descriptionFile = "MLmodel";

/** A model that is verified, and can be run. */
export type ModelSourceOf = (version: Version) => Promise<RunnableModel>;

/**
 * @param keyDir read anew for each model, so that a key that was trusted meanwhile counts
 * @param maxBytes of a file that is loaded
 * @returns fails with AppError `VERSION_NOT_VERIFIABLE`, `MODEL_NOT_TRUSTED`, `MODEL_NOT_SERVABLE` or `MODEL_TOO_COSTLY`
 */
export function modelSourceOf(registry: RegistryClient, keyDir: string, maxBytes: number): ModelSourceOf {
  return async (version) => {
    if (version.digest === "") {
      const { model, number, source } = version;
      throw new AppError("VERSION_NOT_VERIFIABLE", { model, version: number, source });
    }
    const uri = `models:/${version.model}/${version.number}`;
    const content = await registry.versions.getVersionContent({ uri }, { timeoutMs: 30_000 });
    const files = content.files.map((file) => ({ ...file, size: Number(file.size) }));
    const documents = new Map(content.documents.map((document) => [document.name, document.content]));
    const { isTrained } = await requireTrust(version, files, documents, keyDir);
    const fileNamed = (path: string): ManifestFile => {
      const file = files.find((candidate) => candidate.path === path);
      if (!file) throw new AppError("MODEL_NOT_SERVABLE", { uri, missing: path });
      if (file.size > maxBytes)
        throw new AppError("MODEL_TOO_COSTLY", {
          cost: `${path} has ${file.size} bytes, and at most ${maxBytes} are loaded (MINTMARK_MODEL_BYTES sets the limit)`,
        });
      return file;
    };
    const [onnx, mlmodel] = [fileNamed(modelFile), fileNamed(descriptionFile)];
    return {
      key: identityOf(version),
      isOurs: isTrained,
      files: async () => {
        const [model, description] = await Promise.all([pull(registry, onnx), pull(registry, mlmodel)]);
        return { onnx: model, mlmodel: Buffer.concat(description) };
      },
    };
  };
}

/** Not the digest alone: the signatures of another version with the same files were not checked. */
export function identityOf({ modelId, number }: Version): string {
  return `${modelId}/${number}`;
}

/** The files count as they are listed: each that is used is checked against its digest when it has come. */
async function requireTrust(
  version: Version,
  files: readonly ManifestFile[],
  documents: Documents,
  keyDir: string,
): Promise<Verification> {
  const verification = verifyModel({
    files,
    documents: new Map([...documents, [documentNames.manifest, manifestBytes(files)]]),
    trustedKeys: await readTrustedKeys(keyDir),
    expected: { modelId: version.modelId, version: version.number, digest: artifactDigest(files) },
  });
  const { ok, checks } = verification;
  if (ok) return verification;
  const failed = checks.filter((check) => !check.ok).map((check) => `${check.name}: ${check.detail}`);
  throw new AppError("MODEL_NOT_TRUSTED", {
    model: version.model,
    version: version.number,
    problems: failed.join("; "),
  });
}

/** In pieces that nobody else holds, hashed as they come: a large model is not to hold up the thread. */
async function pull(registry: RegistryClient, file: ManifestFile): Promise<Pieces> {
  const pieces: Uint8Array[] = [];
  const digests = collectDigests();
  for await (const { chunk } of registry.artifacts.downloadBlob({ blake3: file.blake3 }, { timeoutMs: 600_000 })) {
    digests.update(chunk);
    pieces.push(chunk.byteLength === chunk.buffer.byteLength ? chunk : chunk.slice());
  }
  if (digests.finish().blake3 !== file.blake3) throw new AppError("PULLED_FILE_DIFFERS", { path: file.path });
  return pieces;
}
