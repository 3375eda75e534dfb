/**
 * Verifies a pulled directory where it lies: hashes every file again and reads `.mintmark/`.
 *
 * It is strict where the OMS tool is not: a file that the manifest does not name, an empty folder, a link, and an unknown
 * document are all failures.
 * @module
 */
import type { Dirent } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { PublicKey } from "@mintmark/crypto/keys";
import { documentFolder, type ManifestFile } from "@mintmark/crypto/manifest";
import { type Check, type DeliveredModel, type Verification, verifyModel } from "@mintmark/crypto/verify-model";
import { AppError } from "@mintmark/errors";
import { hashDirectory } from "./hash-directory.ts";

export interface VerifyDirectoryOptions {
  readonly trustedKeys: readonly PublicKey[];
  /** What it should be, where the caller knows from elsewhere. */
  readonly expected?: DeliveredModel["expected"];
}

/** @throws AppError DIRECTORY_NOT_FOUND; whatever is wrong inside is a failed check. */
export async function verifyDirectory(
  directory: string,
  { trustedKeys, expected = {} }: VerifyDirectoryOptions,
): Promise<Verification> {
  if (!(await isDirectory(directory))) throw new AppError("DIRECTORY_NOT_FOUND", { path: directory });
  const found = await hashForCheck(directory);
  const { documents, refused } = await readDocuments(join(directory, documentFolder));
  const verification = verifyModel({ files: found.files, documents, trustedKeys, expected });
  return withFailures(verification, [...found.failures, ...refused]);
}

/** Failures that come before a model can be verified take the place of the check of the same name. */
export function withFailures(verification: Verification, failures: readonly Check[]): Verification {
  if (failures.length === 0) return verification;
  const replaced = new Set(failures.map(({ name }) => name));
  return {
    ...verification,
    ok: false,
    checks: [...failures, ...verification.checks.filter(({ name }) => !replaced.has(name))],
  };
}

interface FoundFiles {
  readonly files: readonly ManifestFile[];
  readonly failures: readonly Check[];
}

async function hashForCheck(directory: string): Promise<FoundFiles> {
  try {
    const { files, emptyFolders } = await hashDirectory(directory);
    const [folder] = emptyFolders;
    return { files, failures: folder === undefined ? [] : [failed("files", `there is an empty folder '${folder}'`)] };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { files: [], failures: [failed("files", error.message)] };
  }
}

/** No document is larger: a manifest of 100,000 files is about 20 MB. */
const maxDocumentBytes = 64 << 20;

async function readDocuments(folder: string): Promise<{ documents: Map<string, Uint8Array>; refused: Check[] }> {
  const documents = new Map<string, Uint8Array>();
  const refused: Check[] = [];
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (!entry.isFile()) refused.push(failed(entry.name, `in ${documentFolder} is not a file`));
    else if ((await stat(path)).size > maxDocumentBytes) refused.push(failed(entry.name, "is too large"));
    else documents.set(entry.name, await readFile(path));
  }
  return { documents, refused };
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => undefined);
  return status?.isDirectory() ?? false;
}

function failed(name: string, detail: string): Check {
  return { name, ok: false, detail };
}
