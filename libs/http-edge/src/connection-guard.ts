/**
 * Watches the connections of a port, so that none is held by who does not use it.
 *
 * Node's own checks are not enough: they belong to an HTTP/1.1 server that listens by itself, HTTP/2 has none before the first
 * stream, and a timer of a socket begins anew with every byte, also with one a second. So each connection is looked at by the clock: in
 * which state it is, since when, and whether bytes of what is awaited have come.
 * @module
 */
import type { EventEmitter } from "node:events";
import type { Server as Http1Server, IncomingMessage, ServerResponse } from "node:http";
import {
  constants,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { Socket } from "node:net";
import type { ConnectionLimits } from "./connection-limits.ts";

export interface ConnectionGuard {
  /** Takes in a connection at its first moment; false if there is no room, and it is closed. */
  readonly admit: (socket: Socket) => boolean;
  /** Tells the guard of the requests of a server to which admitted connections go. */
  readonly watchHttp1: (server: Http1Server) => void;
  readonly watchHttp2: (server: Http2Server) => void;
  /** Tells it of a call over HTTP/2 of a server that hides its sessions; the peer is `address:port`. Returns what tells its end, once. */
  readonly began: (peer: string) => () => void;
  readonly size: () => number;
  /** Cuts every connection off. */
  readonly destroyAll: () => void;
  /** Looks no more. */
  readonly close: () => void;
}

interface Connection {
  readonly socket: Socket;
  readonly peer: string;
  /** Whether bytes between two requests may be something else than the headers of the next. */
  isHttp2: boolean;
  session: ServerHttp2Session | undefined;
  /** Requests and streams under way. */
  underWay: number;
  /** Since when the present wait lasts: for headers, for a request, for the next byte. */
  since: number;
  /** What had been read of it then. */
  read: number;
  /** Of a kept connection: when bytes of a further request were first seen. */
  nextSince: number | undefined;
  /** Over HTTP/1.1, the request that is being answered. */
  request: IncomingMessage | undefined;
  /** What had been written of its answer, and what of that had not been taken. */
  written: number;
  unsent: number;
  readonly end: () => void;
}

export function guardConnections(limits: ConnectionLimits): ConnectionGuard {
  const { headersMs, idleMs, stallMs, maxConnections } = limits;
  // Each in the order in which they came into the state, so that the first has been in it the longest.
  const opening = new Set<Connection>();
  const idle = new Set<Connection>();
  const busy = new Set<Connection>();
  const ofPeer = new Map<string, Connection>();
  const ofSocket = new WeakMap<object, Connection>();

  const admit = (socket: Socket): boolean => {
    // It has gone already.
    if (socket.remoteAddress === undefined) return false;
    const peer = peerOf(socket);
    if (ofPeer.size >= maxConnections) {
      const [longest = idle.values().next().value] = opening;
      if (longest === undefined) {
        socket.destroy();
        return false;
      }
      forget(longest);
      longest.socket.destroy();
    }
    const connection: Connection = {
      socket,
      peer,
      isHttp2: false,
      session: undefined,
      underWay: 0,
      since: performance.now(),
      read: 0,
      nextSince: undefined,
      request: undefined,
      written: 0,
      unsent: 0,
      end: () => ended(connection),
    };
    opening.add(connection);
    ofPeer.set(peer, connection);
    ofSocket.set(socket, connection);
    socket.once("close", () => forget(connection));
    return true;
  };
  const forget = (connection: Connection) => {
    for (const state of [opening, idle, busy]) state.delete(connection);
    if (ofPeer.get(connection.peer) === connection) ofPeer.delete(connection.peer);
  };
  /** A socket of TLS or of an HTTP/2 session is another object than the one that was admitted. */
  const connectionOf = (socket: Pick<Socket, "remoteAddress" | "remotePort">): Connection | undefined => {
    const known = ofSocket.get(socket);
    if (known !== undefined) return known;
    const found = ofPeer.get(peerOf(socket));
    if (found !== undefined) ofSocket.set(socket, found);
    return found;
  };
  const began = (connection: Connection) => {
    connection.underWay++;
    if (connection.underWay > 1) return;
    opening.delete(connection);
    idle.delete(connection);
    busy.add(connection);
    connection.since = performance.now();
    connection.read = connection.socket.bytesRead;
  };
  const ended = (connection: Connection) => {
    connection.underWay--;
    if (connection.underWay > 0 || !busy.delete(connection)) return;
    idle.add(connection);
    connection.request = undefined;
    connection.since = performance.now();
    connection.read = connection.socket.bytesRead;
    connection.nextSince = undefined;
  };

  const look = () => {
    const now = performance.now();
    for (const connection of opening) {
      if (now - connection.since <= headersMs) break;
      connection.socket.destroy();
    }
    for (const connection of idle) lookAtIdle(connection, now);
    for (const connection of busy)
      if (connection.request !== undefined) lookAtBody(connection, connection.request, now);
  };
  const lookAtIdle = (connection: Connection, now: number) => {
    const { socket, isHttp2, session, since, read } = connection;
    if (isHttp2) {
      // A client that is told can repeat a call that crosses it; one that does not listen is cut off.
      if (now - since > idleMs + toldMs) socket.destroy();
      else if (now - since > idleMs) session?.close();
      return;
    }
    if (socket.bytesRead > read) connection.nextSince ??= now;
    if (now - (connection.nextSince ?? now) > headersMs || now - since > idleMs) socket.destroy();
  };
  const lookAtBody = (connection: Connection, request: IncomingMessage, now: number) => {
    const { socket } = connection;
    // What lies here unread waits for us, not for the client.
    const waitsForBytes = !request.complete && request.readableLength === 0 && socket.bytesRead === connection.read;
    const { bytesWritten: written, writableLength: unsent } = request.socket;
    const waitsForReader = unsent > 0 && unsent === connection.unsent && written === connection.written;
    if (!waitsForBytes && !waitsForReader) {
      Object.assign(connection, { since: now, read: socket.bytesRead, written, unsent });
      return;
    }
    if (now - connection.since > stallMs) socket.destroy();
  };
  const timer = setInterval(look, Math.max(1, Math.min(headersMs, idleMs, stallMs) / 30)).unref();

  const watchHttp1 = (server: Http1Server) => {
    // Before whoever answers, which is not to begin with what is cut off here.
    server.prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
      ignoreErrors(request, response);
      const connection = connectionOf(request.socket);
      if (connection === undefined) return;
      if (connection.underWay >= pipelined) {
        connection.socket.destroy();
        return;
      }
      began(connection);
      connection.request = request;
      response.once("close", connection.end);
    });
  };
  const watchHttp2 = (server: Http2Server) => {
    server.on("session", (session) => {
      const connection = session.socket === undefined ? undefined : connectionOf(session.socket);
      if (connection === undefined) return;
      Object.assign(connection, { session, isHttp2: true });
      session.on("stream", (stream) => {
        began(connection);
        stream.once("close", connection.end);
      });
    });
    server.on("request", (request: Http2ServerRequest, response: Http2ServerResponse) => {
      const { stream } = request;
      ignoreErrors(request, response, stream);
      stream.setTimeout(stallMs, () => {
        const waitsForBytes = stream.state.remoteClose !== 1 && stream.readableLength === 0;
        if (waitsForBytes || stream.writableLength > 0) stream.close(constants.NGHTTP2_CANCEL);
      });
    });
  };

  return {
    admit,
    watchHttp1,
    watchHttp2,
    began: (peer) => {
      const connection = ofPeer.get(peer);
      if (connection === undefined) return () => {};
      connection.isHttp2 = true;
      began(connection);
      let hasEnded = false;
      return () => {
        if (!hasEnded) connection.end();
        hasEnded = true;
      };
    },
    size: () => ofPeer.size,
    destroyAll: () => {
      for (const { socket } of ofPeer.values()) socket.destroy();
    },
    close: () => clearInterval(timer),
  };
}

/**
 * Whoever reads or writes hears of a connection that breaks; where nobody does at that moment, an error without a listener would
 * end the process. Of requests that were pipelined, those behind the first are such.
 */
function ignoreErrors(...streams: readonly EventEmitter[]): void {
  for (const stream of streams) stream.on("error", () => {});
}

/** Requests that a connection of HTTP/1.1 may have under way at once. Hardly any client sends a second before it has its answer. */
const pipelined = 16;

/** How long after it was told that its connection ends a client may take to end it. */
const toldMs = 1_000;

function peerOf({ remoteAddress, remotePort }: Pick<Socket, "remoteAddress" | "remotePort">): string {
  return `${remoteAddress}:${remotePort}`;
}
