/**
 * Files under paths by plain HTTP: `PUT`, `GET` and `HEAD /v1/files/PATH`, each part of the path percent-encoded UTF-8. The same rules
 * as FileService.
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError } from "@mintmark/errors";
import { bodyOf } from "@mintmark/http-edge/body";
import { toConnectError } from "../error-interceptor.ts";
import { requireFilePath } from "../files/file-path.ts";
import { findFile } from "../files/find-file.ts";
import { putFile } from "../files/put-file.ts";
import type { ServiceDeps } from "../service-deps.ts";
import type { Admit } from "../tokens/authentication.ts";
import { refuse } from "./blob-routes.ts";
import { attachment } from "./content-disposition.ts";
import { contentType } from "./content-type.ts";
import { type Exchange, sendBlob } from "./send-blob.ts";

export const filePrefix = "/v1/files/";

export interface FileRoutes {
  readonly deps: Pick<ServiceDeps, "db" | "blobs">;
  readonly admit: Admit;
  readonly onUnexpected: (error: unknown) => void;
}

/** Handles a request whose path begins with {@link filePrefix}. */
export function fileRoutes({ deps, admit, onUnexpected }: FileRoutes) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const caller = await admit(request, response);
      const path = pathOf(request);
      if (request.method === "PUT") await put(deps, { path, actor: caller.name }, request, response);
      else if (request.method === "GET" || request.method === "HEAD") await get(deps, path, { request, response });
      else response.writeHead(405, { allow: "GET, HEAD, PUT" }).end();
    } catch (error) {
      // Whoever has gone needs no answer.
      if (response.destroyed) return;
      refuse(response, toConnectError(error, onUnexpected));
    }
  };
}

type Deps = FileRoutes["deps"];

function pathOf(request: IncomingMessage): string {
  const encoded = (request.url ?? "").split("?", 1)[0]!.slice(filePrefix.length);
  try {
    return requireFilePath(decodeURIComponent(encoded));
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw new AppError("FILE_PATH_INVALID", { path: encoded.slice(0, 200), problem: "is not percent-encoded UTF-8" });
  }
}

async function put(
  deps: Deps,
  file: { readonly path: string; readonly actor: string },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const stored = await putFile(deps, file, bodyOf(request));
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ path: file.path, ...stored }));
}

async function get({ db, blobs }: Deps, path: string, exchange: Exchange): Promise<void> {
  const file = await findFile(db, path);
  await sendBlob(blobs, file, exchange, {
    "content-type": contentType(path),
    // Whoever looks at a file in a browser must not run what somebody uploaded.
    "content-disposition": attachment(path.slice(path.lastIndexOf("/") + 1)),
    "x-content-type-options": "nosniff",
    "last-modified": file.changedAt.toUTCString(),
    "cache-control": "private, no-cache",
  });
}
