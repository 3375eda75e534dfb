/**
 * The native API and bulk bytes, passed through to the registry as they are: no second layer of messages to keep equal.
 * What the gateway adds is that who writes through it reads his write from it.
 * @module
 */
import {
  Agent,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from "node:http";
import { pipeline } from "node:stream";
import { AppError } from "@mintmark/errors";
import { eventHeader } from "@mintmark/registry-client";

export interface PassThrough {
  /** Sends the request to the registry and its answer back; settles when the answer has begun or failed. */
  readonly forward: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly close: () => void;
}

/** Headers that concern one connection only (RFC 9110 §7.6.1), and those that the gateway's own connection sets. */
const ownToConnection = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "host",
  // Checked here; the registry would find it foreign, as it is bound to another port.
  "origin",
]);

/**
 * @param registryUrl `http://host:port` of the registry
 * @param ownWrite returns when the gateway's view has taken in the event of that number
 */
export function passThrough(registryUrl: string, ownWrite: (event: bigint) => Promise<void>): PassThrough {
  const { hostname, port } = new URL(registryUrl);
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  return {
    forward: (request, response) =>
      new Promise((resolve, reject) => {
        const upstream = httpRequest(
          { agent, hostname, port, method: request.method, path: request.url, headers: passedOn(request.headers) },
          (answer) => {
            const event = answer.headers[eventHeader];
            const seen = typeof event === "string" ? ownWrite(BigInt(event)) : Promise.resolve();
            seen.then(() => {
              response.writeHead(answer.statusCode ?? 502, passedOn(answer.headers));
              pipeline(answer, response, () => resolve());
            }, reject);
          },
        );
        upstream.on("error", (error) => {
          if (response.headersSent) response.destroy(error);
          reject(new AppError("SERVER_UNREACHABLE", { url: registryUrl, cause: error.message }, { cause: error }));
        });
        response.on("close", () => {
          if (!response.writableFinished) upstream.destroy();
        });
        // An upload that breaks off must end upstream as well, so that the registry keeps what came.
        request.on("aborted", () => upstream.destroy());
        request.pipe(upstream);
      }),
    close: () => agent.destroy(),
  };
}

/** True for a call of the native API or the bulk bytes. */
export function isNative(url: string): boolean {
  return isCall(url) || url.startsWith("/v1/blobs/");
}

/** A method of the native API, as against bulk bytes. */
export function isCall(url: string): boolean {
  return url.startsWith("/mintmark.");
}

function passedOn(headers: NodeJS.Dict<string | string[]>): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ownToConnection.has(name)));
}
