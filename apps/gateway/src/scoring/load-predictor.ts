/**
 * From a version to its predictor: what is needed of its files is pulled, and nothing is run before every signature holds.
 * @module
 */
import { digestsOf } from "@mintmark/crypto/digests";
import { artifactDigest, type ManifestFile, manifestBytes } from "@mintmark/crypto/manifest";
import { type Documents, documentNames, verifyModel } from "@mintmark/crypto/verify-model";
import { AppError } from "@mintmark/errors";
import { loadPredictor, type Predictor } from "@mintmark/model-package/predictor";
import type { Version } from "@mintmark/proto/mintmark/registry/v1/version";
import { type RegistryClient, readTrustedKeys } from "@mintmark/registry-client";

const modelFile = "model.onnx";
const descriptionFile = "MLmodel";

/**
 * @param keyDir read anew for each model, so that a key that was trusted meanwhile counts
 * @returns fails with AppError `VERSION_NOT_VERIFIABLE`, `MODEL_NOT_TRUSTED` or `MODEL_NOT_SERVABLE`, or as the predictor's loading does
 */
export function loadPredictorOf(registry: RegistryClient, keyDir: string): (version: Version) => Promise<Predictor> {
  return async (version) => {
    if (version.digest === "") {
      const { model, number, source } = version;
      throw new AppError("VERSION_NOT_VERIFIABLE", { model, version: number, source });
    }
    const uri = `models:/${version.model}/${version.number}`;
    const content = await registry.versions.getVersionContent({ uri }, { timeoutMs: 30_000 });
    const files = content.files.map((file) => ({ ...file, size: Number(file.size) }));
    const documents = new Map(content.documents.map((document) => [document.name, document.content]));
    await requireTrust(version, files, documents, keyDir);
    const fileNamed = (path: string) => {
      const file = files.find((candidate) => candidate.path === path);
      if (!file) throw new AppError("MODEL_NOT_SERVABLE", { uri, missing: path });
      return file;
    };
    const [onnx, mlmodel] = await Promise.all(
      [modelFile, descriptionFile].map((path) => pull(registry, fileNamed(path))),
    );
    return loadPredictor(onnx!, mlmodel!);
  };
}

/** The files count as they are listed: each that is used is checked against its digest when it has come. */
async function requireTrust(
  version: Version,
  files: readonly ManifestFile[],
  documents: Documents,
  keyDir: string,
): Promise<void> {
  const { ok, checks } = verifyModel({
    files,
    documents: new Map([...documents, [documentNames.manifest, manifestBytes(files)]]),
    trustedKeys: await readTrustedKeys(keyDir),
    expected: { modelId: version.modelId, version: version.number, digest: artifactDigest(files) },
  });
  const failed = checks.filter((check) => !check.ok).map((check) => `${check.name}: ${check.detail}`);
  if (!ok)
    throw new AppError("MODEL_NOT_TRUSTED", {
      model: version.model,
      version: version.number,
      problems: failed.join("; "),
    });
}

async function pull(registry: RegistryClient, file: ManifestFile): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const { chunk } of registry.artifacts.downloadBlob({ blake3: file.blake3 }, { timeoutMs: 600_000 }))
    chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (digestsOf(bytes).blake3 !== file.blake3) throw new AppError("PULLED_FILE_DIFFERS", { path: file.path });
  return bytes;
}
