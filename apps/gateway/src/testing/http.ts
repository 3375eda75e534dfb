/**
 * HTTP servers and requests without a library in between, so that tests see headers and bytes as they are.
 * @module
 */
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage, type RequestOptions, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly bytes: Buffer;
  readonly text: string;
}

/** Listens on a free port of loopback; returns `http://127.0.0.1:PORT`. */
export async function listening(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Sends the path as it stands, which `fetch` would normalize. */
export async function ask(
  base: string,
  path: string,
  { body, ...options }: RequestOptions & { body?: string | Buffer } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(base);
  const request = httpRequest({ hostname, port, path, agent: false, ...options });
  request.end(body);
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  const bytes = await buffer(answer);
  return { status: answer.statusCode!, headers: answer.headers, bytes, text: bytes.toString() };
}
