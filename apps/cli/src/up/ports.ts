/**
 * Ports: which are free, and the URL of a server on one.
 * @module
 */
import { createServer } from "node:net";
import { AppError } from "@mintmark/errors";
import { inWords } from "../file-failure.ts";

/**
 * The port to use: `port` if nobody has it, a free one for 0.
 * @throws AppError PORT_IN_USE, naming the option by which to choose another; HOST_NOT_USABLE
 */
export function claimPort(host: string, port: number, option: string): Promise<number> {
  const server = createServer();
  return new Promise((done, fail) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") return fail(new AppError("PORT_IN_USE", { host, port, option }));
      fail(new AppError("HOST_NOT_USABLE", { host, cause: inWords(error) }, { cause: error }));
    });
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address !== null ? address.port : port));
    });
  });
}

/** The URL by which a program on this machine reaches a server bound to `host`. */
export function localUrl(host: string, port: number): string {
  if (host === "0.0.0.0") return `http://127.0.0.1:${port}`;
  if (host === "::") return `http://[::1]:${port}`;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
