/**
 * A TCP port whose connections are guarded, for servers that do not listen by themselves.
 * @module
 */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { type ConnectionGuard, guardConnections } from "./connection-guard.ts";
import type { ConnectionLimits } from "./connection-limits.ts";
import type { TlsIdentity } from "./transport.ts";

export interface GuardedPort {
  readonly port: number;
  readonly guard: ConnectionGuard;
  /** Takes no new connections; settles when those that there are have ended. */
  readonly close: () => Promise<void>;
}

export interface PortOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly limits: ConnectionLimits;
  /** Clear text if absent. */
  readonly tls?: TlsIdentity | undefined;
}

/** @throws Error with the system's code (`EADDRINUSE` …) */
export async function listenGuarded(
  { host, port, limits, tls }: PortOptions,
  take: (socket: Socket) => void,
): Promise<GuardedPort> {
  const guard = guardConnections(limits);
  const receive = tls === undefined ? take : tlsReceiver(tls, take);
  const tcp = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    if (guard.admit(socket)) receive(socket);
  });
  try {
    await new Promise<void>((resolve, reject) => {
      tcp.once("error", reject);
      tcp.listen(port, host, resolve);
    });
  } catch (error) {
    guard.close();
    throw error;
  }
  const close = async () => {
    await new Promise<void>((resolve) => tcp.close(() => resolve()));
    guard.close();
  };
  return { port: (tcp.address() as AddressInfo).port, guard, close };
}

/** Takes connections over when their handshake is through; how long that may take is the guard's to say. */
function tlsReceiver(identity: TlsIdentity, take: (socket: Socket) => void): (socket: Socket) => void {
  const server = createTlsServer(
    { ...identity, ALPNProtocols: ["h2", "http/1.1"], minVersion: "TLSv1.2" },
    (socket) => {
      socket.on("error", () => socket.destroy());
      take(socket);
    },
  );
  server.on("tlsClientError", (_, socket) => socket.destroy());
  return (socket) => server.emit("connection", socket);
}
