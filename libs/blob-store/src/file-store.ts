/**
 * Blobs as files of one directory: `blobs/<first two digits>/<blake3>`, uploads under way in `partial/`.
 *
 * Several processes may use the directory at once. A blob appears by a rename within the file system, after its bytes are
 * on the disk, and the rename is made durable before the upload is acknowledged.
 * @module
 */
import { mkdir, open, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isHexDigest } from "@mintmark/crypto/manifest";
import { makeFolder } from "@mintmark/scratch/make-folder";
import { type BlobReader, type BlobStore, blobPath, type ReadOptions } from "./blob-store.ts";
import { renameDurably, syncDirectory } from "./durable.ts";
import { presentOf } from "./present-of.ts";
import { resolveRange } from "./read-range.ts";
import { openSpool } from "./spool.ts";
import { verifiedRead } from "./verified-read.ts";

const readChunkBytes = 1 << 20;

/** Creates the directory if it is missing. */
export async function openFileStore(root: string): Promise<BlobStore> {
  makeFolder(join(root, "blobs"));
  const spool = await openSpool(join(root, "partial"));
  const keep = async (complete: string, blake3: string) => {
    const path = join(root, blobPath(blake3));
    await makeShard(dirname(path));
    await renameDurably(complete, path);
  };

  return {
    ...readFileStore(root),
    received: spool.received,
    write: (description, source, offset = 0) =>
      spool.take(description, source, offset, (complete) => keep(complete, description.blake3)),
    // An equal blob that is there already is replaced: that costs no more than leaving it, and heals it.
    store: (source) => spool.takeUnnamed(source, (complete, { blake3 }) => keep(complete, blake3)),
    close: () => {},
  };
}

/** Only reads, and creates nothing: also for who may not write, and before anything is there. */
export function readFileStore(root: string): BlobReader {
  const pathOf = (blake3: string) => join(root, blobPath(blake3));
  const size = async (blake3: string) => (isHexDigest(blake3) ? await sizeOf(pathOf(blake3)) : undefined);

  return {
    size,
    has: (wanted) => presentOf(wanted, 16, size),
    read: async function* (blake3: string, range: ReadOptions = {}) {
      const { offset, length, whole } = resolveRange(blake3, await size(blake3), range);
      const chunks = readFile(pathOf(blake3), offset, length);
      yield* whole ? verifiedRead(blake3, chunks) : chunks;
    },
  };
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** One of the 256; its own name has to be durable as well. */
async function makeShard(path: string): Promise<void> {
  const created = await mkdir(path, { recursive: true });
  if (created !== undefined) await syncDirectory(dirname(path));
}

/** Into two buffers in turns: one chunk may be held back while the next is read. */
async function* readFile(path: string, offset: number, length: number): AsyncGenerator<Uint8Array> {
  if (length === 0) return;
  let [filling, resting] = [newBuffer(length), newBuffer(length)];
  const file = await open(path, "r");
  try {
    for (let done = 0; done < length; ) {
      const wanted = Math.min(filling.length, length - done);
      const { bytesRead } = await file.read(filling, 0, wanted, offset + done);
      if (bytesRead === 0) throw new Error(`'${path}' ended before byte ${offset + length}`);
      done += bytesRead;
      yield filling.subarray(0, bytesRead);
      [filling, resting] = [resting, filling];
    }
  } finally {
    await file.close();
  }
}

function newBuffer(length: number): Uint8Array {
  return new Uint8Array(Math.min(readChunkBytes, length));
}
