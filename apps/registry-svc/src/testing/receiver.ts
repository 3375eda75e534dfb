/**
 * A receiver of webhooks on loopback, which answers as a test says and remembers what came.
 * @module
 */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** Returns when so many have come. */
  readonly until: (count: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

export type Answering = (received: Received, response: ServerResponse, count: number) => void;

/** Answers 200 unless told otherwise; over TLS with a certificate. */
export async function receiver(
  answer: Answering = (_, response) => void response.end(),
  tls?: { readonly key: string; readonly cert: string },
): Promise<Receiver> {
  const received: Received[] = [];
  const server: Server = tls === undefined ? createServer() : createTlsServer(tls);
  server.on("request", async (request, response) => {
    const one = { path: request.url ?? "", headers: request.headers, body: await text(request) };
    received.push(one);
    answer(one, response, received.length);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    async until(count) {
      for (let waited = 0; received.length < count; waited += 5) {
        if (waited > 10_000) throw new Error(`${received.length} of ${count} deliveries came`);
        await sleep(5);
      }
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
