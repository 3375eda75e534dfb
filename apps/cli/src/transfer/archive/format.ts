/**
 * What is in an archive of models, in this order: `archive.json` (mintmark.transfer.v1.Archive, which names everything and its
 * digest), `blobs/<blake3>` for every file and document, each once, and `checksum`, by which a change in `archive.json` is known.
 * The whole may be compressed, which its name says.
 * @module
 */
import { extname } from "node:path";
import type { Duplex } from "node:stream";
import { createGunzip, createGzip, createZstdCompress, createZstdDecompress } from "node:zlib";
import { AppError } from "@mintmark/errors";

export const archiveFormat = 1;
export const catalogName = "archive.json";
export const checksumName = "checksum";

/** `archive.json` is read whole; this is one of some hundred thousand files. */
export const maxCatalogBytes = 256 * 2 ** 20;

export function blobName(blake3: string): string {
  return `blobs/${blake3}`;
}

/** The whole content of `checksum`. */
export function checksumText(sha256: string): string {
  return `${sha256}  ${catalogName}\n`;
}

interface Compression {
  readonly compress: () => Duplex;
  readonly decompress: () => Duplex;
}

/** `undefined` for an archive as it is. @throws AppError OPTION_INVALID for any other ending */
export function compressionOf(path: string, option: string): Compression | undefined {
  const ending = extname(path);
  if (ending === ".tar") return undefined;
  const found = compressions[ending];
  if (found !== undefined) return found;
  throw new AppError("OPTION_INVALID", {
    option,
    expected: "a name that ends in .tar, .tar.gz, .tgz or .tar.zst",
    value: path,
  });
}

const compressions: Readonly<Record<string, Compression>> = {
  ".gz": { compress: () => createGzip({ level: 6 }), decompress: () => createGunzip() },
  ".tgz": { compress: () => createGzip({ level: 6 }), decompress: () => createGunzip() },
  ".zst": { compress: () => createZstdCompress(), decompress: () => createZstdDecompress() },
};
