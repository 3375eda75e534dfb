/**
 * The store that an address names.
 * @module
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "@mintmark/errors";
import { makePrivateFolder } from "@mintmark/scratch/private-folder";
import type { BlobReader, BlobStore } from "./blob-store.ts";
import { openFileStore, readFileStore } from "./file-store.ts";

export interface OpenBlobStoreOptions {
  /** Where uploads to S3 arrive; a folder of this account in the system's temporary directory if not given. */
  readonly spoolDirectory?: string;
}

/**
 * @param uri `file:///dir` or `s3://bucket/prefix`
 * @throws AppError BLOB_STORE_INVALID for anything else, and for a directory that cannot be written
 */
export async function openBlobStore(uri: string, options: OpenBlobStoreOptions = {}): Promise<BlobStore> {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url?.protocol === "file:") return await openDirectory(uri, url);
  if (url?.protocol === "s3:" && url.hostname !== "") return await openBucket(url, options);
  throw new AppError("BLOB_STORE_INVALID", { uri, problem: "is of no known kind" });
}

async function openDirectory(uri: string, url: URL): Promise<BlobStore> {
  try {
    return await openFileStore(fileURLToPath(url));
  } catch (error) {
    throw new AppError("BLOB_STORE_INVALID", { uri, problem: `cannot be used (${(error as Error).message})` });
  }
}

async function openBucket({ hostname, pathname }: URL, options: OpenBlobStoreOptions): Promise<BlobStore> {
  const prefix = decodeURIComponent(pathname).replace(/^\/+|\/+$/g, "");
  const spoolDirectory = options.spoolDirectory ?? join(tmpdir(), `mintmark-spool-${process.getuid?.() ?? "own"}`);
  try {
    await makePrivateFolder(spoolDirectory);
  } catch (error) {
    const problem = `cannot receive uploads: ${(error as Error).message}; name another folder (MINTMARK_SPOOL_DIR)`;
    throw new AppError("BLOB_STORE_INVALID", { uri: `s3://${hostname}${pathname}`, problem }, { cause: error });
  }
  // The client of S3 takes 35 MiB of memory, which a registry on a file system need not spend.
  const { openS3Store } = await import("./s3-store.ts");
  return await openS3Store({ bucket: hostname, prefix, spoolDirectory });
}

/** Reads a store that is a directory of this machine, and creates nothing; undefined for any other. */
export function readLocalBlobs(uri: string): BlobReader | undefined {
  const url = URL.parse(uri);
  return url?.protocol === "file:" ? readFileStore(fileURLToPath(url)) : undefined;
}
