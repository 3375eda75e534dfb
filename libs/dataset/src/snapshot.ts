/**
 * A local file as a snapshot: its bytes by digest, whatever becomes of the file afterwards, and the file that they become again
 * where they are read.
 * @module
 */
import { createReadStream } from "node:fs";
import { glob, mkdir, stat } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { type Digests, digestsOfStream } from "@mintmark/crypto/digests";
import { AppError } from "@mintmark/errors";
import { requireFile } from "./text-of-file.ts";

export interface SnapshotFile extends Digests {
  /** Relative to the training file, with `/` between parts. */
  readonly name: string;
  readonly path: string;
}

/** Whether the data is at a URI, which the worker reads itself, and not in a local file. */
export function isRemote(source: string): boolean {
  return /^(https?|s3):\/\//i.test(source);
}

/**
 * The local files that `source` names, in the order of their names: one file, or all that match a glob.
 * @param directory the folder of the training file
 * @throws AppError DATA_FILE_NOT_FOUND if there is none, DATA_MALFORMED if one is no regular file
 */
export async function findSnapshots(source: string, directory: string): Promise<SnapshotFile[]> {
  const paths = await findFiles(source, directory);
  if (paths.length === 0) throw new AppError("DATA_FILE_NOT_FOUND", { source });
  const snapshots: SnapshotFile[] = [];
  for (const path of paths) await requireFile(path);
  for (const path of paths) snapshots.push({ name: nameOf(path, directory), path, ...(await digestsOfFile(path)) });
  return snapshots;
}

/** In constant memory. */
export function digestsOfFile(path: string): Promise<Digests> {
  return digestsOfStream(createReadStream(path, { highWaterMark: 1 << 20 }));
}

/**
 * The paths of the files, in the order of their names; none if nothing matches. A link is one, whatever it leads to.
 * @throws AppError DATA_SCHEME_UNKNOWN for a URI, DATA_MALFORMED for a folder
 */
export async function findFiles(source: string, directory: string): Promise<string[]> {
  // A name that exists is meant literally, also if it has characters of a pattern in it.
  const [, scheme] = /^([a-z][a-z0-9+.-]+):\/\//i.exec(source) ?? [];
  if (scheme !== undefined) throw new AppError("DATA_SCHEME_UNKNOWN", { source, scheme });
  const literal = resolve(directory, source);
  const entry = await stat(literal).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EACCES") throw error;
  });
  if (entry?.isDirectory())
    throw new AppError("DATA_MALFORMED", {
      file: source,
      problem: `it is a folder, and only files are read; name those in it, as in '${join(source, "*.csv")}'`,
    });
  if (entry !== undefined) return [literal];
  const found: string[] = [];
  for await (const entry of glob(source, { cwd: directory, withFileTypes: true }))
    if (!entry.isDirectory()) found.push(join(entry.parentPath, entry.name));
  return found.sort();
}

/**
 * Where the bytes of the snapshot of that number are to be put: in a folder of its own, which is made, under its own name as far
 * as a file system takes it, as messages name the file and its ending tells the format.
 */
export async function placeSnapshot(directory: string, index: number, name: string): Promise<string> {
  const folder = join(directory, String(index));
  await mkdir(folder);
  // A character has up to 3 bytes a unit, and file systems take names of 255 bytes.
  const plain = basename(name)
    .replace(/[^\p{L}\p{N}._ -]/gu, "_")
    .slice(-80);
  return join(folder, /^\.{0,2}$/.test(plain) ? "data" : plain);
}

function nameOf(path: string, directory: string): string {
  return relative(resolve(directory), path).replaceAll("\\", "/");
}
