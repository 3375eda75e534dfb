/**
 * What goes into a model and what comes out, as one digest: of the signature in its `MLmodel` file.
 * @module
 */
import type { BlobStore } from "@mintmark/blob-store";
import type { ManifestFile } from "@mintmark/crypto/manifest";
import { sha256Hex } from "@mintmark/crypto/sha256";

const maxBytes = 4 * 1024 * 1024;

/** Hex; `undefined` if the artifact is no MLflow model directory, or states no signature. */
export async function readInterface(
  blobs: Pick<BlobStore, "read">,
  files: readonly ManifestFile[],
): Promise<string | undefined> {
  const file = files.find(({ path }) => path === "MLmodel");
  if (file === undefined || file.size > maxBytes) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of blobs.read(file.blake3)) chunks.push(chunk);
  const signature = signatureBlock(Buffer.concat(chunks).toString("utf8"));
  return signature === undefined ? undefined : sha256Hex(new TextEncoder().encode(signature));
}

/** The lines of the top-level key `signature`; the file is block-style YAML, as MLflow writes it. */
function signatureBlock(yaml: string): string | undefined {
  const lines = yaml.split(/\r?\n/);
  const begin = lines.findIndex((line) => line.startsWith("signature:"));
  if (begin === -1) return undefined;
  const length = lines.slice(begin + 1).findIndex((line) => /^\S/.test(line));
  return lines
    .slice(begin, length === -1 ? undefined : begin + 1 + length)
    .join("\n")
    .trimEnd();
}
