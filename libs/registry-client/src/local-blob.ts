/**
 * Bytes of this machine that are about to be uploaded.
 * @module
 */
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { type Digests, digestsOf } from "@mintmark/crypto/digests";

/** Bytes that can be read again from any place. */
export interface LocalBlob extends Digests {
  readonly open: (offset: number) => Readable;
}

/** Each chunk becomes one message of a stream. */
const chunkBytes = 1 << 20;

/** A file whose digests are known. */
export function fileBlob(location: string, { size, blake3, sha256 }: Digests): LocalBlob {
  // Up to the size that was hashed: what somebody appends meanwhile is not part of it.
  const open = (start: number) =>
    start === size
      ? Readable.from([])
      : createReadStream(location, { start, end: size - 1, highWaterMark: chunkBytes });
  return { size, blake3, sha256, open };
}

export function bytesBlob(bytes: Uint8Array): LocalBlob {
  return { ...digestsOf(bytes), open: (offset) => Readable.from(chunksOf(bytes.subarray(offset))) };
}

function* chunksOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}
