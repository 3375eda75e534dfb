/**
 * The files of a model directory with their digests; `.mintmark/` beside them is not part of the model.
 *
 * Links, devices, sockets and pipes are refused rather than followed or skipped: what is hashed has to be what is there.
 * @module
 */
import { constants, type Dirent } from "node:fs";
import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { collectDigests, type Digests } from "@mintmark/crypto/digests";
import { documentFolder, findPathProblem, type ManifestFile, sortByPath } from "@mintmark/crypto/manifest";
import { AppError } from "@mintmark/errors";

/** The most files that one version may have; a manifest of them is about 20 MB. */
const maxFiles = 100_000;
const readBytes = 1 << 20;

/** A file of the manifest and where its bytes are. */
export interface LocalFile extends ManifestFile {
  readonly location: string;
}

export interface HashedDirectory {
  /** In the manifest's order. */
  readonly files: readonly LocalFile[];
  /** Folders that hold nothing; a manifest cannot name them. */
  readonly emptyFolders: readonly string[];
}

/**
 * @throws AppError DIRECTORY_NOT_FOUND, ARTIFACT_EMPTY, ARTIFACT_ENTRY_REFUSED, ARTIFACT_PATH_INVALID,
 *   ARTIFACT_TOO_LARGE, ARTIFACT_CHANGED if a file is written to meanwhile
 */
export async function hashDirectory(directory: string): Promise<HashedDirectory> {
  const { paths, emptyFolders } = await walk(directory);
  if (paths.length === 0) throw new AppError("ARTIFACT_EMPTY", { directory });
  const problem = findPathProblem(paths);
  if (problem !== undefined) throw new AppError("ARTIFACT_PATH_INVALID", problem);
  const files: LocalFile[] = [];
  for (const { path } of sortByPath(paths.map((path) => ({ path })))) {
    const location = join(directory, path);
    files.push({ path, location, ...(await hashFile(location, path)) });
  }
  return { files, emptyFolders };
}

/** Size and digests of one file; throws as {@link hashDirectory} does. */
export async function hashFile(location: string, path = location): Promise<Digests> {
  // Neither follows a link that was put there since the folder was read, nor waits for the writer of a pipe.
  const file = await openPlain(location, path);
  try {
    const before = await file.stat();
    if (!before.isFile()) throw new AppError("ARTIFACT_ENTRY_REFUSED", { path, type: "special file" });
    const digests = await readAll(file);
    const after = await file.stat();
    if (digests.size !== after.size || before.mtimeMs !== after.mtimeMs)
      throw new AppError("ARTIFACT_CHANGED", { path });
    return digests;
  } finally {
    await file.close();
  }
}

async function walk(root: string): Promise<{ paths: string[]; emptyFolders: string[] }> {
  const paths: string[] = [];
  const emptyFolders: string[] = [];
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = await entriesOf(join(root, folder));
    if (entries.length === 0 && folder !== "") emptyFolders.push(folder);
    for (const entry of entries) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (path === documentFolder) continue;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) paths.push(path);
      else throw new AppError("ARTIFACT_ENTRY_REFUSED", { path, type: typeOf(entry) });
    }
    if (paths.length > maxFiles) throw new AppError("ARTIFACT_TOO_LARGE", { directory: root, files: maxFiles });
  }
  return { paths, emptyFolders };
}

async function entriesOf(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") throw new AppError("DIRECTORY_NOT_FOUND", { path });
    throw error;
  }
}

async function openPlain(location: string, path: string): Promise<FileHandle> {
  try {
    return await open(location, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ELOOP") throw error;
    throw new AppError("ARTIFACT_ENTRY_REFUSED", { path, type: "link" });
  }
}

async function readAll(file: FileHandle): Promise<Digests> {
  const digests = collectDigests();
  const buffer = new Uint8Array(readBytes);
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, readBytes, null);
    if (bytesRead === 0) return digests.finish();
    digests.update(buffer.subarray(0, bytesRead));
  }
}

function typeOf(entry: Dirent): string {
  if (entry.isSymbolicLink()) return "link";
  if (entry.isFIFO()) return "pipe";
  if (entry.isSocket()) return "socket";
  return "device";
}
