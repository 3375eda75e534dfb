/**
 * What the `MLmodel` file of an artifact says: what goes into the model and what comes out, as one digest, and its flavor.
 * @module
 */
import type { BlobStore } from "@mintmark/blob-store";
import type { ManifestFile } from "@mintmark/crypto/manifest";
import { sha256Hex } from "@mintmark/crypto/sha256";

const maxBytes = 4 * 1024 * 1024;

/** What the file says; nothing if the artifact is no MLflow model directory. */
export interface ModelFile {
  /** Hex SHA-256 of the signature; `undefined` if none is stated. */
  readonly signature: string | undefined;
  /** The first flavor that is more than the common `python_function`; empty if none is stated. */
  readonly flavor: string;
}

export async function readModelFile(
  blobs: Pick<BlobStore, "read">,
  files: readonly ManifestFile[],
): Promise<ModelFile> {
  const file = files.find(({ path }) => path === "MLmodel");
  if (file === undefined || file.size > maxBytes) return { signature: undefined, flavor: "" };
  const chunks: Uint8Array[] = [];
  for await (const chunk of blobs.read(file.blake3, { size: file.size })) chunks.push(new Uint8Array(chunk));
  const yaml = Buffer.concat(chunks).toString("utf8");
  const signature = blockOf(yaml, "signature");
  const hash = signature === undefined ? undefined : sha256Hex(new TextEncoder().encode(signature));
  return { signature: hash, flavor: mainFlavor(blockOf(yaml, "flavors") ?? "") };
}

function mainFlavor(block: string): string {
  const [first] = /^ +(?=\S)/m.exec(block) ?? [];
  const flavors = block.split("\n").flatMap((line) => {
    const name = /^( +)([\w.-]{1,100}):/.exec(line);
    return name !== null && name[1] === first ? [name[2]!] : [];
  });
  return flavors.find((flavor) => flavor !== "python_function") ?? flavors[0] ?? "";
}

/** The lines of a top-level key; the file is block-style YAML, as MLflow writes it. */
function blockOf(yaml: string, key: string): string | undefined {
  const lines = yaml.split(/\r?\n/);
  const begin = lines.findIndex((line) => line.startsWith(`${key}:`));
  if (begin === -1) return undefined;
  const length = lines.slice(begin + 1).findIndex((line) => /^\S/.test(line));
  return lines
    .slice(begin, length === -1 ? undefined : begin + 1 + length)
    .join("\n")
    .trimEnd();
}
