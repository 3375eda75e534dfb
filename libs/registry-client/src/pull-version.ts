/**
 * Downloads a version into a directory, and refuses it unless everything about it verifies.
 *
 * The files are written beside the place where they belong and appear there with one rename: what is there was verified.
 * @module
 */

import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { eachLimited } from "@mintmark/async/each-limited";
import type { PublicKey } from "@mintmark/crypto/keys";
import { documentFolder, type ManifestFile } from "@mintmark/crypto/manifest";
import type { Verification } from "@mintmark/crypto/verify-model";
import { AppError } from "@mintmark/errors";
import type { Version } from "@mintmark/proto/mintmark/registry/v1/version";
import { makeFolder } from "@mintmark/scratch/make-folder";
import type { RegistryClient } from "./connect.ts";
import { downloadBlob } from "./download-blob.ts";
import type { TransferOptions } from "./upload-blobs.ts";
import { readVersionContent, verifyContent } from "./version-content.ts";

const transfersAtOnce = 4;

export interface PullOptions extends TransferOptions {
  /** The directory to make; it may be there if it is empty. */
  readonly out: string;
  readonly trustedKeys: readonly PublicKey[];
}

export interface PulledVersion {
  readonly version: Version;
  readonly verification: Verification;
}

/**
 * @throws AppError OUT_NOT_EMPTY, VERIFICATION_FAILED with every check that failed
 * @throws ConnectError if the version is not there, or the registry cannot be reached for a while
 */
export async function pullVersion(client: RegistryClient, uri: string, options: PullOptions): Promise<PulledVersion> {
  const out = resolve(options.out);
  await requireFree(out);
  const content = await readVersionContent(client, uri);
  const unverified = join(dirname(out), `.${basename(out)}-${randomUUID()}`);
  makeFolder(unverified);
  try {
    await writeFiles(client, content.files, unverified, options);
    await writeDocuments(content.documents, join(unverified, documentFolder));
    const verification = verifyContent(uri, content, content.files, options.trustedKeys);
    requireVerified(uri, verification);
    await rename(unverified, out);
    return { version: content.version, verification };
  } catch (error) {
    await rm(unverified, { recursive: true, force: true });
    throw error;
  }
}

/** @throws AppError VERIFICATION_FAILED with every check that failed */
export function requireVerified(what: string, { checks }: Verification): void {
  const failures = checks.filter(({ ok }) => !ok).map(({ name, detail }) => ({ name, detail }));
  if (failures.length > 0) throw new AppError("VERIFICATION_FAILED", { what: `'${what}'`, failures });
}

async function requireFree(out: string): Promise<void> {
  try {
    if ((await readdir(out)).length > 0) throw new AppError("OUT_NOT_EMPTY", { path: out });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOTDIR") throw new AppError("OUT_NOT_EMPTY", { path: out });
    if (code !== "ENOENT") throw error;
  }
}

async function writeFiles(
  client: RegistryClient,
  files: readonly ManifestFile[],
  directory: string,
  { onProgress, signal }: TransferOptions,
): Promise<void> {
  const total = files.reduce((bytes, { size }) => bytes + size, 0);
  let done = 0;
  await eachLimited(files, transfersAtOnce, async (file) => {
    const location = join(directory, file.path);
    await mkdir(dirname(location), { recursive: true });
    const handle = await open(location, "wx");
    try {
      const onChunk = async (chunk: Uint8Array) => {
        await handle.writeFile(chunk);
        done += chunk.length;
        onProgress?.({ done, total });
      };
      await downloadBlob(client, file, { onChunk, signal });
    } finally {
      await handle.close();
    }
  });
}

async function writeDocuments(documents: ReadonlyMap<string, Uint8Array>, folder: string): Promise<void> {
  await mkdir(folder);
  for (const [name, bytes] of documents) await writeFile(join(folder, name), bytes, { flag: "wx" });
}
