/**
 * Answers with the bytes of a blob: whole or one range of them, or only their headers for `HEAD`.
 * @module
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { BlobStore } from "@mintmark/blob-store";
import { begun, sendBody } from "@mintmark/http-edge/body";
import { parseRange } from "./byte-range.ts";

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** @param headers those that say more than the bytes, their length, range and digest */
export async function sendBlob(
  blobs: BlobStore,
  { blake3, size }: { readonly blake3: string; readonly size: number },
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
  const bytes = request.method === "HEAD" || length === 0 ? undefined : await begun(blobs.read(blake3, range ?? {}));
  response.writeHead(range === undefined ? 200 : 206, {
    ...headers,
    "content-length": length,
    "accept-ranges": "bytes",
    etag,
    ...(range === undefined ? {} : { "content-range": `bytes ${offset}-${offset + length - 1}/${size}` }),
  });
  if (bytes === undefined) response.end();
  else await sendBody(bytes, response);
}
