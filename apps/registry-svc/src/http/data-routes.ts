/**
 * Snapshots by links that need no token: `GET` and `HEAD` of what {@link DataLinks} made.
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { findBlob } from "../artifacts/store-blob.ts";
import { toConnectError } from "../error-interceptor.ts";
import type { ServiceDeps } from "../service-deps.ts";
import { refuse } from "./blob-routes.ts";
import { attachment } from "./content-disposition.ts";
import { contentType } from "./content-type.ts";
import { type Exchange, sendBlob } from "./send-blob.ts";

export interface DataRoutes {
  readonly deps: Pick<ServiceDeps, "db" | "blobs" | "dataLinks">;
  readonly onUnexpected: (error: unknown) => void;
}

/** Handles a request whose path begins with `dataPrefix`. */
export function dataRoutes({ deps, onUnexpected }: DataRoutes) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      if (request.method === "GET" || request.method === "HEAD") await get(deps, { request, response });
      else response.writeHead(405, { allow: "GET, HEAD" }).end();
    } catch (error) {
      // Whoever has gone needs no answer.
      if (response.destroyed) return;
      refuse(response, toConnectError(error, onUnexpected));
    }
  };
}

async function get({ db, blobs, dataLinks }: DataRoutes["deps"], exchange: Exchange): Promise<void> {
  const { blake3, name } = dataLinks.read((exchange.request.url ?? "").split("?", 1)[0]!);
  await sendBlob(blobs, await findBlob(db, blake3), exchange, {
    "content-type": contentType(name),
    "content-disposition": attachment(name),
    "x-content-type-options": "nosniff",
    // The link is a secret for as long as it holds.
    "cache-control": "private, no-store",
    "referrer-policy": "no-referrer",
  });
}
