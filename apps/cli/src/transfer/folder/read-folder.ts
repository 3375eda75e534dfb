/**
 * Finds the versions in a folder of the form that people keep by hand:
 *
 * ```
 * registry/versions/1.0.0/{model.joblib,metadata.json}
 * registry/latest/          one of them again, or a link to it
 * ```
 * @module
 */
import type { Dirent } from "node:fs";
import { lstat, open, readdir, readFile, realpath, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { MalformedError } from "@mintmark/crypto/malformed-error";
import { artifactDigest } from "@mintmark/crypto/manifest";
import { AppError } from "@mintmark/errors";
import { type HashedDirectory, hashDirectory } from "@mintmark/registry-client";
import { type Metadata, noMetadata, parseMetadata } from "./read-metadata.ts";

export interface FolderVersion {
  readonly semver: string;
  readonly location: string;
  readonly files: HashedDirectory["files"];
  readonly digest: string;
  readonly metadata: Metadata;
  /** What is wrong with `metadata.json`; `undefined` if nothing is, or it is not there. */
  readonly problem: string | undefined;
  /** Files that a reader would unpickle: whoever does runs what their maker wrote. */
  readonly pickles: readonly string[];
}

export interface FolderRegistry {
  /** The lowest semantic version first. */
  readonly versions: readonly FolderVersion[];
  /** Entries beside them that are no versions. */
  readonly others: readonly string[];
  /** The semantic version that `latest` is; `undefined` if it is none of them; absent if there is no `latest`. */
  readonly latest?: string | undefined;
}

/** @throws AppError IMPORT_FOLDER_INVALID, and as `hashDirectory` does */
export async function readFolder(directory: string): Promise<FolderRegistry> {
  const root = await rootOf(directory);
  const entries = await readdir(join(root, "versions"), { withFileTypes: true });
  const found = entries.flatMap((entry) => semverOf(entry) ?? []).sort(bySemver);
  if (found.length === 0)
    throw new AppError("IMPORT_FOLDER_INVALID", {
      path: join(root, "versions"),
      problem: "holds no folder such as 1.0.0",
    });
  const versions: FolderVersion[] = [];
  for (const { name, semver } of found) versions.push(await readVersion(join(root, "versions", name), semver));
  const others = entries.filter((entry) => semverOf(entry) === undefined).map(({ name }) => name);
  const latest = join(root, "latest");
  const isThere = await lstat(latest).then(
    () => true,
    () => false,
  );
  return isThere ? { versions, others, latest: await whichIs(latest, versions) } : { versions, others };
}

async function rootOf(directory: string): Promise<string> {
  for (const root of [directory, join(directory, "registry")]) {
    const found = await stat(join(root, "versions")).catch(() => undefined);
    if (found?.isDirectory() === true) return root;
  }
  const there = await stat(directory).then(
    // As only who may enter it can.
    async (found) => found.isDirectory() && (await readdir(directory)),
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    },
  );
  throw new AppError("IMPORT_FOLDER_INVALID", {
    path: directory,
    problem:
      there === undefined
        ? "does not exist"
        : "holds neither versions/ nor registry/versions/; an import takes versions/1.0.0/…, one folder for each version",
  });
}

interface Found {
  readonly name: string;
  readonly semver: string;
  readonly parts: readonly number[];
}

function semverOf(entry: Dirent): Found | undefined {
  const match = /^v?((?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8}))$/.exec(entry.name);
  if (match === null || !entry.isDirectory()) return undefined;
  return { name: entry.name, semver: match[1]!, parts: match[1]!.split(".").map(Number) };
}

function bySemver(a: Found, b: Found): number {
  const at = a.parts.findIndex((part, i) => part !== b.parts[i]);
  return at === -1 ? 0 : a.parts[at]! - b.parts[at]!;
}

async function readVersion(location: string, semver: string): Promise<FolderVersion> {
  const { files } = await hashDirectory(location);
  const pickles: string[] = [];
  for (const { path, location: at } of files) if (await isPickle(path, at)) pickles.push(path);
  const { metadata, problem } = await readMetadata(join(location, metadataName));
  const stated = metadata.version?.replace(/^v/, "");
  const differs = stated !== undefined && stated !== semver ? `states version ${stated}` : undefined;
  return { semver, location, files, digest: artifactDigest(files), metadata, problem: problem ?? differs, pickles };
}

const metadataName = "metadata.json";
const maxMetadataBytes = 4 * 2 ** 20;

async function readMetadata(path: string): Promise<{ metadata: Metadata; problem: string | undefined }> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return { metadata: noMetadata, problem: undefined };
  if (found.size > maxMetadataBytes)
    return { metadata: noMetadata, problem: `is longer than ${maxMetadataBytes} bytes` };
  try {
    return { metadata: parseMetadata(await readFile(path, "utf8")), problem: undefined };
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return { metadata: noMetadata, problem: error.message };
  }
}

const pickled = /\.(joblib|pkl|pickle|dill|cloudpickle|pt|pth|ckpt)$|(^|\/)pytorch_model[^/]*\.bin$/i;

/** By name, or by how the pickle protocols 2 to 5 begin. Nothing is unpickled. */
async function isPickle(path: string, location: string): Promise<boolean> {
  if (pickled.test(path)) return true;
  const file = await open(location);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x80 && buffer[1]! >= 2 && buffer[1]! <= 5;
  } finally {
    await file.close();
  }
}

/** A link is what it leads to; a copy is what has the same files, the description aside. */
async function whichIs(latest: string, versions: readonly FolderVersion[]): Promise<string | undefined> {
  const target = await realpath(latest).catch(() => undefined);
  for (const { location, semver } of versions)
    if (target !== undefined && relative(await realpath(location), target) === "") return semver;
  if (target === undefined || target !== join(await realpath(resolve(latest, "..")), "latest")) return undefined;
  const { files } = await hashDirectory(latest);
  const identity = (list: HashedDirectory["files"]) =>
    list
      .filter(({ path }) => path !== metadataName)
      .map(({ path, blake3 }) => `${path} ${blake3}`)
      .join("\n");
  const exact = versions.findLast(({ digest }) => digest === artifactDigest(files));
  return (exact ?? versions.findLast((version) => identity(version.files) === identity(files)))?.semver;
}
