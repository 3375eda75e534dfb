/**
 * A TCP port whose connections are guarded, for servers that do not listen by themselves.
 * @module
 */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type ConnectionGuard, guardConnections } from "./connection-guard.ts";
import type { ConnectionLimits } from "./connection-limits.ts";

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
}

/** @throws Error with the system's code (`EADDRINUSE` …) */
export async function listenGuarded(
  { host, port, limits }: PortOptions,
  take: (socket: Socket) => void,
): Promise<GuardedPort> {
  const guard = guardConnections(limits);
  const tcp = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    if (guard.admit(socket)) take(socket);
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
