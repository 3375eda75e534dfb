/**
 * The native API and bulk bytes, passed through to the registry as they are: no second layer of messages to keep equal.
 * What the gateway adds is that who writes through it reads his write from it.
 * @module
 */
import * as http from "node:http";
import * as https from "node:https";
import { urlToHttpOptions } from "node:url";
import { AppError } from "@mintmark/errors";
import { bodyOf, sendBody } from "@mintmark/http-edge/body";
import { eventHeader } from "@mintmark/registry-client";

export interface PassThrough {
  /** Sends the request to the registry and its answer back; settles when the answer is out, or fails. */
  readonly forward: (request: http.IncomingMessage, response: http.ServerResponse) => Promise<void>;
  /** Sends the request under another path or method, and leaves it to the caller what becomes of the answer. */
  readonly exchange: (
    request: http.IncomingMessage,
    response: http.ServerResponse,
    to: { readonly path: string; readonly method?: string },
  ) => Promise<Exchange>;
  /** Cuts off what is under way. */
  readonly close: () => void;
}

export interface Exchange {
  readonly answer: http.IncomingMessage;
  /** Sends it back, with these bytes instead of its own if given; settles when it is out. */
  readonly pass: (bytes?: AsyncIterable<Uint8Array>) => Promise<void>;
}

/** Headers that concern one connection only (RFC 9110 §7.6.1), and those that the gateway answers or sets itself. */
const ownToConnection: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
  "host",
  // Checked here; the registry would find it foreign, as it is bound to another port.
  "origin",
]);

/**
 * @param registryUrl `http://host:port` of the registry
 * @param ownWrite returns when the gateway's view has taken in the event of that number
 */
export function passThrough(registryUrl: string, ownWrite: (event: bigint) => Promise<void>): PassThrough {
  const { protocol, hostname, port } = urlToHttpOptions(new URL(registryUrl));
  const { Agent, request: send } = protocol === "https:" ? https : http;
  const agent = new Agent({ keepAlive: true });
  const exchange: PassThrough["exchange"] = async (request, response, { path, method = request.method }) => {
    const { headers } = request;
    const upstream = send({ agent, hostname, port, method, path, headers: passedOn(headers) });
    // Whoever goes away ends the call upstream as well: an upload that breaks off there keeps what came.
    response.on("close", () => {
      if (!response.writableFinished) upstream.destroy();
    });
    // That either side has gone is heard of below.
    sendBody(bodyOf(request), upstream).catch(() => {});
    const answer = await answerOf(upstream, registryUrl);
    const event = answer.headers[eventHeader];
    if (typeof event === "string") await ownWrite(BigInt(event));
    return { answer, pass: (bytes = bodyOf(answer)) => passBack(answer, response, bytes) };
  };
  return {
    exchange,
    forward: async (request, response) => (await exchange(request, response, { path: request.url! })).pass(),
    close: () => agent.destroy(),
  };
}

/** True for a call of the native API or the bulk bytes. */
export function isNative(url: string): boolean {
  return isCall(url) || isDataLink(url) || url.startsWith("/v1/blobs/") || url.startsWith("/v1/files/");
}

/** A link to data, whose signature stands in for a token. */
export function isDataLink(url: string): boolean {
  return url.startsWith("/v1/data/");
}

/** A method of the native API, as against bulk bytes. */
export function isCall(url: string): boolean {
  return url.startsWith("/mintmark.");
}

async function passBack(
  answer: http.IncomingMessage,
  response: http.ServerResponse,
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  response.writeHead(answer.statusCode ?? 502, passedOn(answer.headers));
  // The first message of a stream may be long in coming; that the stream stands is to be seen at once.
  if (answer.headers["content-length"] === undefined) response.flushHeaders();
  try {
    await sendBody(bytes, response);
  } catch {
    // Nothing but the end of the connection can say that there is more.
    response.destroy();
  }
}

function answerOf(upstream: http.ClientRequest, registryUrl: string): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    upstream.on("response", resolve);
    // Also after the answer has begun, when whoever reads it sees the end by himself.
    upstream.on("error", (error) =>
      reject(new AppError("SERVER_UNREACHABLE", { url: registryUrl, cause: error.message }, { cause: error })),
    );
  });
}

function passedOn(headers: NodeJS.Dict<string | string[]>): http.OutgoingHttpHeaders {
  const named = String(headers["connection"] ?? "")
    .toLowerCase()
    .split(/\s*,\s*/);
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !ownToConnection.has(name) && !named.includes(name)),
  );
}
