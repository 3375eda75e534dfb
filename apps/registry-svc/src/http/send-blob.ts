/**
 * Answers with the bytes of a blob: whole or one range of them, or only their headers for `HEAD`.
 *
 * The store has to hold as many bytes as were recorded, or nothing of them is sent. A whole blob ends as it should only if its digest
 * is right; if not, the connection is cut before the last of it. A range cannot be checked by the digest, and says so:
 * `x-mintmark-checked` is `digest` for a whole blob and `size` for a range.
 * @module
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { BlobStore, KnownBlob } from "@mintmark/blob-store";
import { begun, sendBody } from "@mintmark/http-edge/body";
import { parseRange } from "./byte-range.ts";

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * @param headers those that say more than the bytes, their length, range and digest
 * @throws AppError BLOB_NOT_FOUND, BLOB_CORRUPT
 */
export async function sendBlob(
  blobs: BlobStore,
  { blake3, size }: KnownBlob,
  { request, response }: Exchange,
  headers: OutgoingHttpHeaders,
): Promise<void> {
  const etag = `"blake3:${blake3}"`;
  const isSame = (request.headers["if-range"] ?? etag) === etag;
  const range = isSame ? parseRange(request.headers.range, size) : undefined;
  if (range === "unsatisfiable") {
    response.writeHead(416, { "content-range": `bytes */${size}` }).end();
    return;
  }
  const { offset, length } = range ?? { offset: 0, length: size };
  // A part without length is read for its checks alone.
  const wanted = request.method === "HEAD" ? { length: 0 } : range;
  const bytes = await begun(blobs.read(blake3, { ...wanted, size }));
  response.writeHead(range === undefined ? 200 : 206, {
    ...headers,
    "content-length": length,
    "accept-ranges": "bytes",
    etag,
    "x-mintmark-checked": length === size ? "digest" : "size",
    ...(range === undefined ? {} : { "content-range": `bytes ${offset}-${offset + length - 1}/${size}` }),
  });
  await sendBody(bytes, response);
}
