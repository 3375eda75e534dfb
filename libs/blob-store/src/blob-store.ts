/**
 * Bytes by their BLAKE3, wherever they are kept. What every store promises, one shared battery of tests holds it to:
 *
 * - A blob is there whole and verified, or not at all, also after the death of the process at any point.
 * - An upload that breaks off is kept and can go on; one whose bytes are wrong is discarded.
 * - Uploads of the same blob at the same time do not disturb each other.
 * - Memory does not grow with the size of a blob.
 * @module
 */
import type { Digests } from "@mintmark/crypto/digests";

/** What is about to be written. */
export type BlobDescription = Digests;

/** A blob as whoever recorded it knows it. */
export type KnownBlob = Pick<Digests, "blake3" | "size">;

export interface ReadOptions {
  /** The first byte; 0 if not given. */
  readonly offset?: number;
  /** How many bytes; all that follow if not given. */
  readonly length?: number;
  /** How many bytes the blob has to have; a store that holds another number of them gives none. */
  readonly size?: number;
}

export interface BlobStore {
  /** The BLAKE3 of those that are there with as many bytes as they have to have. */
  has(wanted: readonly KnownBlob[]): Promise<Set<string>>;
  /** How many bytes the store holds, which may be too few of a damaged blob; `undefined` if it is not there. */
  size(blake3: string): Promise<number | undefined>;
  /** How many bytes of an interrupted upload are kept; 0 if none. */
  received(blake3: string): Promise<number>;
  /**
   * Stores a blob, computing both digests on the way; ends once the bytes are durable.
   * @param source the bytes from `offset` on; when it throws, what came so far is kept and the error passed on
   * @param offset 0 to begin anew, or what {@link BlobStore.received} gave
   * @throws AppError BLOB_DIGEST_MISMATCH, BLOB_TRUNCATED, BLOB_OFFSET_WRONG, BLOB_STORE_FULL, REQUEST_INVALID
   */
  write(description: BlobDescription, source: AsyncIterable<Uint8Array>, offset?: number): Promise<Digests>;
  /**
   * Stores bytes whose digests are not known beforehand; ends once they are durable. When `source` throws, nothing is kept.
   * @throws AppError BLOB_STORE_FULL
   */
  store(source: AsyncIterable<Uint8Array>): Promise<Digests>;
  /**
   * The bytes, in chunks of at most 1 MiB, each in memory that is used again once the next is asked for: who keeps one copies it.
   * A whole blob is verified on the way: the last chunk comes only if the digest is right. A part cannot be verified by itself:
   * of it, only the size of the blob is checked, where it is given.
   * @throws AppError BLOB_NOT_FOUND, BLOB_RANGE_INVALID, BLOB_CORRUPT
   */
  read(blake3: string, options?: ReadOptions): AsyncIterable<Uint8Array>;
  /** Only of stores that clients can reach by themselves. */
  readonly direct?: DirectTransfer;
  /** Lets go of connections. */
  close(): void;
}

export type BlobReader = Pick<BlobStore, "has" | "size" | "read">;

/** An upload in parts. */
export interface PartsUpload {
  /** Given by us. */
  readonly name: string;
  /** Given by the store. */
  readonly id: string;
}

/** Uploads in parts, and downloads, by URLs for which no credentials are needed until they expire. */
export interface DirectTransfer {
  /** Begins an upload in parts. @returns the store's id of it */
  begin(name: string): Promise<string>;
  /** Where to PUT each part, in order. */
  partUrls(upload: PartsUpload, parts: number): Promise<readonly string[]>;
  /**
   * Makes a blob of the parts, whose digests are those of the bytes as the store gives them back. May be repeated until it
   * is discarded.
   * @param parts each with the ETag that the store answered to it
   * @throws AppError UPLOAD_PARTS_REFUSED
   */
  complete(upload: PartsUpload, parts: readonly { readonly number: number; readonly etag: string }[]): Promise<Digests>;
  /** Gives an upload up, or clears away what a completed one has left. */
  discard(upload: PartsUpload): Promise<void>;
  /** Where to GET a blob. */
  downloadUrl(blake3: string): Promise<string>;
}

/** The place of a blob below a store's root: 256 folders keep each of them small. */
export function blobPath(blake3: string): string {
  return `blobs/${blake3.slice(0, 2)}/${blake3}`;
}
