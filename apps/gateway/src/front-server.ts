/**
 * What stands in front of the framework: requests that must not pay for it, and those that nobody can read.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import { guardConnections } from "@mintmark/http-edge/connection-guard";
import type { ConnectionLimits } from "@mintmark/http-edge/connection-limits";
import { discardRest } from "@mintmark/http-edge/discard-rest";
import type { TlsIdentity } from "@mintmark/http-edge/transport";
import type { Logger } from "pino";
import type { Access } from "./access.ts";
import { failureOn } from "./failures.ts";
import { errorFields } from "./http-error.ts";
import type { Metrics } from "./metrics.ts";
import { type ArtifactBytes, isArtifactBytes } from "./mlflow/artifact-bytes.ts";
import { isHotRead } from "./mlflow/hot-reads.ts";
import { isCall, isDataLink, isNative, type PassThrough } from "./native/pass-through.ts";
import type { RememberedRoute } from "./remembered-route.ts";
import { isResolve } from "./resolve-route.ts";

export interface FrontParts {
  readonly access: Access;
  readonly metrics: Metrics;
  readonly native: PassThrough;
  readonly resolve: RememberedRoute;
  readonly hot: RememberedRoute;
  readonly artifacts: ArtifactBytes;
  readonly connections: ConnectionLimits;
  readonly tls: TlsIdentity | undefined;
  /** Counts what has passed `access`. */
  readonly enter: (request: IncomingMessage, response: ServerResponse) => void;
  readonly log: Logger;
}

/** MLflow's clients put filters into URLs, and may list hundreds of ids in them. */
const maxHeaderSize = 128 * 1024;

/** What must not pay for a framework is answered in front of it: resolves, hot reads, and what only passes through. */
export function frontServer(
  parts: FrontParts,
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const { access, metrics, native, resolve, hot, artifacts, connections, tls } = parts;
  // An upload may take hours, so there is no limit to a request as a whole; headers have one of their own.
  const options = { keepAliveTimeout: connections.idleMs, requestTimeout: 0, maxHeaderSize };
  const answerAll = (request: IncomingMessage, response: ServerResponse) => {
    // The guard has cut it off.
    if (request.socket.destroyed) return;
    const url = request.url!;
    discardRest(request, response);
    // A server that ends lets each connection go with the answer that is under way.
    if (!server.listening) response.setHeader("connection", "close");
    if (isResolve(url) && (request.method === "GET" || request.method === "HEAD")) {
      if (access.known(request.headers) && resolve.answerFromMemory(request, response)) {
        metrics.countResolve(true);
        return;
      }
      metrics.countResolve(false);
      answer(parts, "/v1/resolve", request, response, resolve.answer);
      return;
    }
    if (isHotRead(request)) {
      const fromMemory = access.known(request.headers) && hot.answerFromMemory(request, response);
      metrics.countHotRead(fromMemory);
      if (!fromMemory) answer(parts, "mlflow hot read", request, response, hot.answer);
      return;
    }
    if (isArtifactBytes(request)) answer(parts, "mlflow artifact", request, response, artifacts.answer);
    else if (isNative(url)) answer(parts, isCall(url) ? "native" : bulkRoute(url), request, response, native.forward);
    else handler(request, response);
  };
  const server =
    tls === undefined ? createServer(options, answerAll) : createTlsServer({ ...options, ...tls }, answerAll);
  const guard = guardConnections(connections);
  server.on("connection", guard.admit);
  guard.watchHttp1(server);
  server.on("close", guard.close);
  return server;
}

/** `/v1/blobs/*`, `/v1/files/*` or `/v1/data/*`. */
function bulkRoute(url: string): string {
  return `${url.split("/", 3).join("/")}/*`;
}

/** Answers whoever may ask, counts, and turns a failure into an answer. */
function answer(
  { access, enter, metrics, log }: FrontParts,
  route: string,
  request: IncomingMessage,
  response: ServerResponse,
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): void {
  const began = performance.now();
  response.on("close", () => metrics.countRequest(route, response.statusCode, (performance.now() - began) / 1000));
  const allowed = async () => {
    if (isDataLink(request.url!)) return;
    await access.check(request.headers);
    enter(request, response);
  };
  allowed()
    .then(() => handle(request, response))
    .catch((error: unknown) => {
      const { status, headers, body, isOurs } = failureOn(request.url!, error);
      if (isOurs) log.error({ err: error }, "request failed");
      if (response.headersSent) {
        response.destroy();
        return;
      }
      response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
      response.end(body);
    });
}

/** What Node's parser could not make a request of. */
export function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const tooLong = error.code === "HPE_HEADER_OVERFLOW";
  const message = tooLong ? `the URL and headers are longer than ${maxHeaderSize} bytes` : "this is not HTTP/1.1";
  // Whose path it was is not known, so the body has the form of `/v1` and MLflow's in one.
  const body = JSON.stringify({
    ...errorFields({ code: "invalid_argument", reason: "REQUEST_UNREADABLE", message }),
    error_code: "INVALID_PARAMETER_VALUE",
    message,
  });
  const status = tooLong ? "431 Request Header Fields Too Large" : "400 Bad Request";
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
