/**
 * Opens an archive from a stranger: every byte of it is held against what it says of itself before anything is made of it.
 *
 * Entries have names that the catalog gives, in its order, so nothing can be written outside the spool, hidden, or sent twice; and
 * they have the sizes that it gives, so no more is written than there is room for.
 * @module
 */
import { createReadStream, createWriteStream } from "node:fs";
import { open, statfs } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { collectDigests, type Digests } from "@mintmark/crypto/digests";
import { MalformedError } from "@mintmark/crypto/malformed-error";
import { artifactDigest, isHexDigest } from "@mintmark/crypto/manifest";
import { sha256Hex } from "@mintmark/crypto/sha256";
import { AppError } from "@mintmark/errors";
import { type Archive, type ArchivedVersion, ArchiveSchema } from "@mintmark/proto/mintmark/transfer/v1/archive";
import { fileBlob, type LocalBlob } from "@mintmark/registry-client";
import { makeScratch, sweepScratch } from "@mintmark/scratch/scratch";
import { readTar, type TarFile } from "../../backup/tar.ts";
import { notReadable } from "../../file-failure.ts";
import {
  archiveFormat,
  blobName,
  catalogName,
  checksumName,
  checksumText,
  compressionOf,
  maxCatalogBytes,
} from "./format.ts";

export interface OpenArchive {
  readonly archive: Archive;
  /** Names these records, whatever the file is called. */
  readonly id: string;
  /** By BLAKE3. */
  readonly blobs: ReadonlyMap<string, LocalBlob>;
  /** Removes what was unpacked. */
  readonly close: () => Promise<void>;
}

/** @throws AppError ARCHIVE_REFUSED, FILE_NOT_READABLE, OPTION_INVALID */
export async function openArchive(path: string): Promise<OpenArchive> {
  const compression = compressionOf(path, "FILE");
  // Before there is anything to clean up; a folder can be opened, and not read.
  const handle = await open(path).catch((error: unknown) => {
    throw notReadable(path, error);
  });
  const isFolder = (await handle.stat()).isDirectory();
  await handle.close();
  if (isFolder) throw new AppError("FILE_NOT_READABLE", { path, cause: "it is a directory" });
  await sweepScratch();
  const { path: spool, remove: close } = makeScratch("import");
  try {
    const file = createReadStream(path, { highWaterMark: 1 << 20 });
    const bytes = compression === undefined ? file : decompressed(file, compression.decompress());
    return { ...(await unpack(bytes, spool)), close };
  } catch (error) {
    await close();
    if (error instanceof AppError || !isDamage(error)) throw error;
    throw new AppError("ARCHIVE_REFUSED", { path, problem: (error as Error).message }, { cause: error });
  }
}

function decompressed(file: NodeJS.ReadableStream, through: NodeJS.ReadWriteStream): AsyncIterable<Uint8Array> {
  // Its failure is that of whoever reads.
  pipeline(file, through).catch(() => {});
  return through as unknown as AsyncIterable<Uint8Array>;
}

/** What a file that is no archive, or no longer one, makes of the readers. */
function isDamage(error: unknown): boolean {
  const { code = "" } = error as NodeJS.ErrnoException;
  return error instanceof MalformedError || /^(Z_|ZSTD_|ERR_ZSTD|ERR_STREAM_PREMATURE)/.test(code);
}

async function unpack(bytes: AsyncIterable<Uint8Array>, spool: string): Promise<Omit<OpenArchive, "close">> {
  const entries = readTar(bytes);
  const next = async (name: string, maxBytes: number): Promise<TarFile> => {
    const { value, done } = await entries.next();
    if (done === true) throw new MalformedError(`it ends before ${name}`);
    if (value.name !== name) throw new MalformedError(`it holds "${value.name}" where ${name} belongs`);
    if (value.size > maxBytes) throw new MalformedError(`${name} has ${value.size} bytes; ${maxBytes} is the most`);
    return value;
  };
  const catalog = await wholeOf(await next(catalogName, maxCatalogBytes));
  const archive = parseCatalog(catalog);
  await requireRoom(spool, archive);
  const blobs = new Map<string, LocalBlob>();
  for (const { blake3, size } of archive.blobs) {
    const entry = await next(blobName(blake3), Number(size));
    blobs.set(blake3, await spoolBlob(entry, { blake3, size: Number(size) }, join(spool, blake3)));
  }
  const sha256 = sha256Hex(catalog);
  const stated = await wholeOf(await next(checksumName, 200));
  if (stated.toString("utf8") !== checksumText(sha256)) throw new MalformedError(`${catalogName} is damaged`);
  if ((await entries.next()).done !== true) throw new MalformedError("it holds more than it says");
  requireConsistent(archive, blobs);
  return { archive, id: sha256, blobs };
}

async function wholeOf({ content }: TarFile): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function parseCatalog(bytes: Buffer): Archive {
  const archive = decoded(bytes);
  if (archive.format !== archiveFormat) throw new MalformedError(`its format ${archive.format} is not known`);
  const seen = new Set<string>();
  for (const { blake3, size } of archive.blobs) {
    if (!isHexDigest(blake3) || seen.has(blake3))
      throw new MalformedError(`it names the blob "${blake3}" badly or twice`);
    if (size > Number.MAX_SAFE_INTEGER) throw new MalformedError(`the blob ${blake3} is too large`);
    seen.add(blake3);
  }
  return archive;
}

function decoded(bytes: Buffer): Archive {
  try {
    const catalog = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Catalog;
    countMilliseconds(catalog);
    return fromJson(ArchiveSchema, catalog as JsonValue);
  } catch (error) {
    throw new MalformedError(`${catalogName} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** Of `archive.json`, where metrics are. */
interface Catalog {
  readonly runs?: readonly { readonly run?: { readonly latestPoints?: Point[] }; readonly points?: Point[] }[];
  readonly loggedModels?: readonly { readonly model?: { readonly metrics?: Point[] } }[];
}

interface Point {
  time?: string;
  timeMs?: number;
}

/** The times of metrics were dates in the first archives, and are milliseconds since 1970. */
function countMilliseconds({ runs = [], loggedModels = [] }: Catalog): void {
  const lists = [
    ...runs.flatMap(({ run, points = [] }) => [points, run?.latestPoints ?? []]),
    ...loggedModels.map(({ model }) => model?.metrics ?? []),
  ];
  for (const point of lists.flat()) {
    if (point.time === undefined) continue;
    point.timeMs = Date.parse(point.time);
    delete point.time;
  }
}

async function requireRoom(spool: string, { blobs }: Archive): Promise<void> {
  const needed = blobs.reduce((bytes, { size }) => bytes + Number(size), 0);
  const { bavail, bsize } = await statfs(spool);
  if (needed > bavail * bsize)
    throw new MalformedError(
      `it unpacks to ${needed} bytes, and ${bavail * bsize} are free in ${spool}; set TMPDIR to a larger place`,
    );
}

async function spoolBlob(entry: TarFile, stated: Omit<Digests, "sha256">, location: string): Promise<LocalBlob> {
  const digests = collectDigests();
  const passing = (async function* () {
    for await (const chunk of entry.content) {
      digests.update(chunk);
      yield chunk;
    }
  })();
  await pipeline(passing, createWriteStream(location, { flags: "wx", mode: 0o600 }));
  const found = digests.finish();
  if (found.size !== stated.size || found.blake3 !== stated.blake3)
    throw new MalformedError(`${entry.name} is damaged`);
  return fileBlob(location, found);
}

/** Whatever is named is there, and every version is what its digest says. */
function requireConsistent({ models, loggedModels, runs }: Archive, blobs: ReadonlyMap<string, LocalBlob>): void {
  const requireBlob = (what: string, blake3: string) => {
    if (!blobs.has(blake3)) throw new MalformedError(`it lacks the bytes of ${what}`);
  };
  for (const { model, versions } of models) {
    if (model === undefined) throw new MalformedError("it holds a model without a name");
    for (const version of versions) {
      const what = `${model.name}/${version.version?.number}`;
      for (const { path, blake3, sha256 } of version.files) {
        requireBlob(`'${path}' of ${what}`, blake3);
        if (blobs.get(blake3)?.sha256 !== sha256) throw new MalformedError(`'${path}' of ${what} has another SHA-256`);
      }
      for (const { path, blake3 } of version.documents) requireBlob(`${path} of ${what}`, blake3);
      requireDigest(what, version);
    }
  }
  const kept = [
    ...loggedModels.map(({ model, files }) => ({ what: `logged model ${model?.id}`, files })),
    ...runs.map(({ run, files }) => ({ what: `run ${run?.id}`, files })),
  ];
  for (const { what, files } of kept)
    for (const { path, blake3 } of files) {
      if (path.split("/").some((part) => part === "" || part === "." || part === ".."))
        throw new MalformedError(`'${path}' of ${what} is no path`);
      requireBlob(`'${path}' of ${what}`, blake3);
    }
}

/** Paths that could lead out of a folder, links and names that collide have no digest. */
function requireDigest(what: string, { version, files }: ArchivedVersion): void {
  if (version === undefined) throw new MalformedError("it holds a version without a number");
  const digest = files.length === 0 ? "" : artifactDigest(files.map((file) => ({ ...file, size: Number(file.size) })));
  if (digest !== version.digest)
    throw new MalformedError(`${what} has digest ${version.digest}, its files ${digest || "none"}`);
}
