/**
 * Hands out a blob's bytes and holds the last chunk back until the digest is known to be right.
 * @module
 */
import { createBlake3 } from "@mintmark/crypto/blake3";
import { hex } from "@mintmark/crypto/bytes";
import { AppError } from "@mintmark/errors";

/** @throws AppError BLOB_CORRUPT before the last chunk if the bytes are not those of the digest. */
export async function* verifiedRead(blake3: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hasher = createBlake3();
  let held: Uint8Array | undefined;
  for await (const chunk of chunks) {
    hasher.update(chunk);
    if (held !== undefined) yield held;
    held = chunk;
  }
  const actual = hex(hasher.digest());
  if (actual !== blake3) throw new AppError("BLOB_CORRUPT", { blake3, problem: `have BLAKE3 ${actual}` });
  if (held !== undefined) yield held;
}
