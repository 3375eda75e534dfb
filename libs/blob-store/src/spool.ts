/**
 * The directory where uploads arrive: each is written to a file of its own, hashed on the way, and handed over once it is
 * complete, right and durable.
 *
 * What an interrupted upload leaves is `<blake3>`; while somebody writes it is `<blake3>.<mark of the process>-<n>`.
 * Taking it over is a rename, so two uploads never share a file, and a file that was handed over has no other writer. What
 * a killed process leaves is given back at the next start. Bytes whose digest is not known beforehand are
 * `unnamed.<mark>-<n>`; nobody could go on with them, so what was interrupted is thrown away.
 * @module
 */
import { type FileHandle, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { collectDigests, type DigestCollector, type Digests } from "@mintmark/crypto/digests";
import { isHexDigest } from "@mintmark/crypto/manifest";
import { AppError } from "@mintmark/errors";
import { makeFolder } from "@mintmark/scratch/make-folder";
import { hasEnded, ownMark } from "@mintmark/scratch/process-mark";
import type { BlobDescription } from "./blob-store.ts";
import { syncDirectory } from "./durable.ts";

/** Chunks are gathered up to this size before they are written. */
const batchBytes = 1 << 20;
/** The disk gets to work on so many bytes while the next come in, so that at the end little is left to wait for. */
const syncBytes = 16 << 20;
/** What nobody went on with for so long is thrown away. */
const keepPartialMs = 7 * 24 * 60 * 60 * 1000;
/** With the first upload after so long, and at the start. */
const tidyMs = 60 * 60 * 1000;

let uploads = 0;

export interface Spool {
  /** How many bytes of an interrupted upload are kept; 0 if none. */
  readonly received: (blake3: string) => Promise<number>;
  /**
   * Takes one upload and hands the complete file to `deliver`, which may move it away.
   * @throws as BlobStore.write does
   */
  readonly take: (
    description: BlobDescription,
    source: AsyncIterable<Uint8Array>,
    offset: number,
    deliver: (path: string) => Promise<void>,
  ) => Promise<Digests>;
  /**
   * Takes bytes of unknown digests and hands the complete file to `deliver`, which may move it away.
   * @throws as BlobStore.store does
   */
  readonly takeUnnamed: (
    source: AsyncIterable<Uint8Array>,
    deliver: (path: string, digests: Digests) => Promise<void>,
  ) => Promise<Digests>;
}

/**
 * Creates the directory if it is missing, closed to other accounts.
 * @param now milliseconds since 1970
 */
export async function openSpool(directory: string, now: () => number = Date.now): Promise<Spool> {
  makeFolder(directory, 0o700);
  await tidy(directory, now());
  let tidied = now();
  const tidyNowAndThen = async () => {
    if (now() - tidied < tidyMs) return;
    tidied = now();
    await tidy(directory, tidied);
  };
  const partial = (blake3: string) => join(directory, blake3);
  const claimedName = (path: string) => `${path}.${ownMark}-${uploads++}`;

  return {
    received: async (blake3) => (isHexDigest(blake3) ? await fileSize(partial(blake3)) : 0),
    take: async (description, source, offset, deliver) => {
      requireDescription(description, offset);
      await tidyNowAndThen();
      const kept = partial(description.blake3);
      const claimed = claimedName(kept);
      const received = await claim(kept, claimed);
      if (offset !== 0 && offset !== received) {
        await giveBack(claimed, kept);
        throw new AppError("BLOB_OFFSET_WRONG", { blake3: description.blake3, offset, received });
      }
      return await settle(claimed, kept, async () => {
        const digests = await receive(claimed, description, source, offset);
        await deliver(claimed);
        return digests;
      });
    },
    takeUnnamed: async (source, deliver) => {
      await tidyNowAndThen();
      const path = claimedName(join(directory, unnamed));
      try {
        const digests = await receiveUnnamed(path, source);
        await deliver(path, digests);
        return digests;
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
    },
  };
}

const unnamed = "unnamed";

/** Runs one upload; afterwards the file is delivered, given back to be continued, or gone. */
async function settle<T>(claimed: string, kept: string, upload: () => Promise<T>): Promise<T> {
  try {
    return await upload();
  } catch (error) {
    if (error instanceof AppError && discarding.has(error.reason)) await rm(claimed, { force: true });
    else await giveBack(claimed, kept);
    throw error;
  }
}

/** After these there is nothing to go on with: the bytes are wrong, or in the way. */
const discarding = new Set(["BLOB_DIGEST_MISMATCH", "BLOB_STORE_FULL"]);

/** Takes what an earlier upload left, if anything. @returns its size */
async function claim(kept: string, claimed: string): Promise<number> {
  try {
    await rename(kept, claimed);
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
  return await fileSize(claimed);
}

/** Of two interrupted uploads the longer one is kept. */
async function giveBack(claimed: string, kept: string): Promise<void> {
  if ((await fileSize(claimed)) > (await fileSize(kept))) await rename(claimed, kept);
  else await rm(claimed, { force: true });
}

/** Writes and hashes the bytes from `offset` on, makes them durable, and compares the digests. */
async function receive(
  path: string,
  description: BlobDescription,
  source: AsyncIterable<Uint8Array>,
  offset: number,
): Promise<Digests> {
  const file = await open(path, offset === 0 ? "w+" : "r+");
  try {
    const digests = collectDigests();
    await rehash(file, digests, offset);
    await append(file, digests, source, description.size);
    if (digests.size() < description.size) {
      const { blake3, size } = description;
      throw new AppError("BLOB_TRUNCATED", { blake3, received: digests.size(), size });
    }
    const actual = digests.finish();
    requireSame(description, actual);
    await file.sync();
    return actual;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    const { blake3, size } = description;
    throw new AppError("BLOB_STORE_FULL", { blake3, size }, { cause: error });
  } finally {
    await file.close();
  }
}

/** Writes and hashes whatever comes, and makes it durable. */
async function receiveUnnamed(path: string, source: AsyncIterable<Uint8Array>): Promise<Digests> {
  const file = await open(path, "w");
  const digests = collectDigests();
  try {
    await append(file, digests, source, Number.POSITIVE_INFINITY);
    await file.sync();
    return digests.finish();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    throw new AppError("BLOB_STORE_FULL", { size: digests.size() }, { cause: error });
  } finally {
    await file.close();
  }
}

/** The hash state of the kept bytes is not kept: reading them again is faster than any network. */
async function rehash(file: FileHandle, digests: DigestCollector, length: number): Promise<void> {
  const buffer = new Uint8Array(batchBytes);
  while (digests.size() < length) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(batchBytes, length - digests.size()), digests.size());
    if (bytesRead === 0) throw new Error(`kept upload shrank below ${length} bytes`);
    digests.update(buffer.subarray(0, bytesRead));
  }
}

/** While one batch is written, the next is received and hashed. Fails with more than `size` bytes. */
async function append(
  file: FileHandle,
  digests: DigestCollector,
  source: AsyncIterable<Uint8Array>,
  size: number,
): Promise<void> {
  // Filled in turns, and used again: memory for each chunk would keep the garbage collector busier than all the rest.
  let [filling, resting] = [takeBatch(), takeBatch()];
  let filled = 0;
  let position = digests.size();
  let synced = position;
  let writing: Promise<void> = Promise.resolve();
  let syncing: Promise<void> = Promise.resolve();
  const flush = async () => {
    const batch = filling.subarray(0, filled);
    digests.update(batch);
    await writing;
    writing = writeAll(file, batch, position);
    position += filled;
    if (position - synced >= syncBytes) {
      synced = position;
      syncing = syncing.then(() => file.datasync());
    }
    // Whoever awaits them next sees the failure; until then it must not count as unhandled.
    writing.catch(() => {});
    syncing.catch(() => {});
    filled = 0;
    [filling, resting] = [resting, filling];
  };
  try {
    for await (const chunk of source) {
      const received = position + filled + chunk.length;
      if (received > size) throw tooLong(size, received);
      for (let taken = 0; taken < chunk.length; ) {
        const part = chunk.subarray(taken, taken + batchBytes - filled);
        filling.set(part, filled);
        filled += part.length;
        taken += part.length;
        if (filled === batchBytes) await flush();
      }
    }
  } finally {
    await flush();
    await writing;
    // A failure of the disk is told once: the sync at the end would not see it again.
    await syncing;
    if (spareBatches.length < spareBatchesMax) spareBatches.push(filling, resting);
  }
}

const spareBatches: Uint8Array[] = [];
/** More uploads at once than half of this are rare, and are not to keep their memory for good. */
const spareBatchesMax = 8;

function takeBatch(): Uint8Array {
  return spareBatches.pop() ?? new Uint8Array(batchBytes);
}

async function writeAll(file: FileHandle, batch: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < batch.length; ) {
    const { bytesWritten } = await file.write(batch, done, batch.length - done, position + done);
    done += bytesWritten;
  }
}

function tooLong(size: number, received: number): AppError {
  return new AppError("BLOB_DIGEST_MISMATCH", {
    what: "size",
    expected: String(size),
    actual: `${received} or more`,
  });
}

function requireSame(description: BlobDescription, actual: Digests): void {
  for (const what of ["size", "blake3", "sha256"] as const) {
    if (actual[what] === description[what]) continue;
    throw new AppError("BLOB_DIGEST_MISMATCH", {
      what,
      expected: String(description[what]),
      actual: String(actual[what]),
    });
  }
}

/** The digest becomes a file name, so nothing but hex digits may pass. */
function requireDescription({ blake3, sha256, size }: BlobDescription, offset: number): void {
  const refuse = (field: string, expected: string, got: unknown) => {
    throw new AppError("REQUEST_INVALID", { field, problem: `expected ${expected}, got '${got}'` });
  };
  if (!isHexDigest(blake3)) refuse("blake3", "64 hex digits", blake3);
  if (!isHexDigest(sha256)) refuse("sha256", "64 hex digits", sha256);
  if (!Number.isSafeInteger(size) || size < 0) refuse("size", "a number of bytes", size);
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > size) refuse("offset", `0 to ${size}`, offset);
}

const namePattern = /^([0-9a-f]{64}|unnamed)(?:\.([0-9a-f]+-\d+-[0-9a-f]+)-\d+)?$/;

/** Gives back what dead processes of this machine left, and drops what is too old. */
async function tidy(directory: string, now: number): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const [, blake3, mark] = namePattern.exec(name) ?? [];
    if (blake3 === undefined) continue;
    const isLeft = mark !== undefined && hasEnded(mark);
    if ((isLeft && blake3 === unnamed) || (await wasChangedBefore(path, now - keepPartialMs)))
      await rm(path, { force: true });
    else if (isLeft) await giveBack(path, join(directory, blake3));
  }
  await syncDirectory(directory);
}

async function wasChangedBefore(path: string, time: number): Promise<boolean> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: time }));
  return mtimeMs < time;
}

async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}
