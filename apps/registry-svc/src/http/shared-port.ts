/**
 * HTTP/2 and HTTP/1.1 on one port.
 *
 * Node's HTTP/2 server takes no HTTP/1.1 without TLS, so one TCP server looks at the first bytes of each connection: an HTTP/2
 * client begins with `PRI * HTTP/2.0`, and no HTTP/1.1 method begins with `PRI`.
 * @module
 */
import { createServer as createHttp1, type RequestListener } from "node:http";
import {
  constants,
  createServer as createHttp2,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { Socket } from "node:net";
import { type ConnectionLimits, defaultConnectionLimits } from "@mintmark/http-edge/connection-limits";
import { listenGuarded } from "@mintmark/http-edge/guarded-port";
import type { TlsIdentity } from "@mintmark/http-edge/transport";

export interface SharedPort {
  readonly port: number;
  /** Takes no new connections, lets calls under way end, and cuts off what has not ended after `graceMs`. */
  readonly close: (graceMs: number) => Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly limits?: ConnectionLimits | undefined;
  /** Clear text if absent. */
  readonly tls?: TlsIdentity | undefined;
  readonly http1: RequestListener;
  readonly http2: (request: Http2ServerRequest, response: Http2ServerResponse) => void;
}

/** @throws Error with the system's code (`EADDRINUSE` …) */
export async function listen(options: ListenOptions): Promise<SharedPort> {
  const { host, port, limits = defaultConnectionLimits, tls, http1, http2 } = options;
  const one = createHttp1({ keepAliveTimeout: limits.idleMs, requestTimeout: 0 }, http1);
  const two = createHttp2(
    { settings: { initialWindowSize: windowBytes, maxConcurrentStreams }, maxSessionMemory: 64 },
    http2,
  );
  const sessions = new Set<ServerHttp2Session>();
  two.on("session", (session) => {
    sessions.add(session);
    session.setLocalWindowSize(windowBytes);
    session.on("close", () => sessions.delete(session));
    // Of one connection, which is over; its calls have failed by themselves.
    session.on("error", () => {});
  });

  const tcp = await listenGuarded({ host, port, limits, tls }, (socket) =>
    hand(socket, (protocol) => (protocol === "2" ? two : one).emit("connection", socket)),
  );
  tcp.guard.watchHttp1(one);
  tcp.guard.watchHttp2(two);

  const close = async (graceMs: number) => {
    const closed = tcp.close();
    // First "begin nothing new", then, when what crossed that message on its way has arrived, the end.
    for (const session of sessions) session.goaway(constants.NGHTTP2_NO_ERROR, highestStream);
    const last = setTimeout(() => {
      for (const session of sessions) session.close();
    }, crossingMs);
    one.closeIdleConnections();
    one.on("request", (_, response) => response.setHeader("connection", "close"));
    const cut = setTimeout(tcp.guard.destroyAll, graceMs);
    // A keep-alive connection becomes idle when its last answer is out.
    const sweep = setInterval(() => one.closeIdleConnections(), 50);
    await closed;
    clearTimeout(last);
    clearTimeout(cut);
    clearInterval(sweep);
  };
  return { port: tcp.port, close };
}

/** Calls and streams of one connection; a client waits with the next, or opens another connection. */
const maxConcurrentStreams = 256;
/** With 64 KiB, the default, one upload waits for a round trip every 64 KiB. */
const windowBytes = 4 * 1024 * 1024;
/** GOAWAY with this number refuses no stream that is on its way (RFC 9113 §6.8). */
const highestStream = 2 ** 31 - 1;
const crossingMs = 100;

/** Waits for the first three bytes and puts them back. */
function hand(socket: Socket, take: (protocol: "1.1" | "2") => void): void {
  const look = () => {
    const head: Buffer | null = socket.read();
    if (head === null) return;
    socket.unshift(head);
    const begins = head.toString("latin1", 0, 3);
    // Fewer bytes than it takes to tell: wait for more.
    if (begins.length < 3 && "PRI".startsWith(begins)) return;
    socket.off("readable", look);
    take(begins === "PRI" ? "2" : "1.1");
  };
  socket.on("readable", look);
}
