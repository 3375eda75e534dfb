/**
 * Bulk bytes by plain HTTP: `PUT`, `GET` and `HEAD /v1/blobs/<blake3>`, one blob a request.
 *
 * A `PUT` that breaks off is kept; `HEAD` of a blob that is not complete says in `x-mintmark-received` where it may go on. The
 * same rules as ArtifactService, at about twice (up) and six times (down) the speed of a gRPC stream.
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ConnectError } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { AppError } from "@mintmark/errors";
import { bodyOf } from "@mintmark/http-edge/body";
import { reasonHeader } from "@mintmark/registry-client";
import { findBlob, requireDigest, requireSize, storeBlob } from "../artifacts/store-blob.ts";
import { toConnectError } from "../error-interceptor.ts";
import { invalid } from "../fields.ts";
import type { ServiceDeps } from "../service-deps.ts";
import type { Admit } from "../tokens/authentication.ts";
import { httpStatus } from "./http-status.ts";
import { type Exchange, sendBlob } from "./send-blob.ts";

export const blobPrefix = "/v1/blobs/";

export interface BlobRoutes {
  readonly deps: Pick<ServiceDeps, "db" | "blobs">;
  readonly admit: Admit;
  readonly onUnexpected: (error: unknown) => void;
}

/** Handles a request whose path begins with {@link blobPrefix}. */
export function blobRoutes({ deps, admit, onUnexpected }: BlobRoutes) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      await admit(request, response);
      const digest = (request.url ?? "").split("?", 1)[0]?.slice(blobPrefix.length) ?? "";
      const blake3 = requireDigest("blake3", digest);
      if (request.method === "PUT") await put(deps, blake3, request, response);
      else if (request.method === "GET" || request.method === "HEAD") await get(deps, blake3, { request, response });
      else response.writeHead(405, { allow: "GET, HEAD, PUT" }).end();
    } catch (error) {
      // Whoever has gone needs no answer.
      if (response.destroyed) return;
      refuse(response, toConnectError(error, onUnexpected));
    }
  };
}

type Deps = BlobRoutes["deps"];

async function put(deps: Deps, blake3: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const header = (name: string) => String(request.headers[`x-mintmark-${name}`] ?? "");
  const number = (name: string) => requireSize(name, wholeNumber(name, header(name)));
  const description = { blake3, sha256: requireDigest("sha256", header("sha256")), size: number("size") };
  const offset = header("offset") === "" ? 0 : number("offset");
  const stored = await storeBlob(deps, description, bodyOf(request), offset);
  response.writeHead(201, { "content-type": "application/json" }).end(JSON.stringify(stored));
}

async function get(deps: Deps, blake3: string, exchange: Exchange): Promise<void> {
  try {
    await sendBlob(deps.blobs, await findBlob(deps.db, blake3), exchange, {
      "content-type": "application/octet-stream",
      "cache-control": "private, max-age=31536000, immutable",
    });
  } catch (error) {
    if (error instanceof AppError && error.reason === "BLOB_NOT_FOUND")
      exchange.response.setHeader("x-mintmark-received", await deps.blobs.received(blake3));
    throw error;
  }
}

function wholeNumber(field: string, text: string): bigint {
  if (!/^\d{1,18}$/.test(text)) throw invalid(`x-mintmark-${field}`, `must be a whole number, got '${text}'`);
  return BigInt(text);
}

/** Says no at once. What of the body still comes in is thrown away (`discardRest`): the answer reaches also who sends all of it first. */
export function refuse(response: ServerResponse, error: ConnectError): void {
  if (response.headersSent) return void response.destroy();
  const headers = { ...Object.fromEntries(error.metadata), "content-type": "application/json" };
  response.writeHead(httpStatus(error.code), headers).end(failureBody(error));
}

/** The body of a failure by HTTP. */
function failureBody(error: ConnectError): string {
  const reason = error.metadata.get(reasonHeader) ?? undefined;
  return JSON.stringify({
    error: { code: codeToString(error.code), ...(reason === undefined ? {} : { reason }), message: error.rawMessage },
  });
}
