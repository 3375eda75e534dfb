import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { bodyOf, sendBody } from "./body.ts";

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

const mebibyte = (fill: number) => new Uint8Array(1 << 20).fill(fill);

/** Sends a body by the code under test, and gives the message that arrives. */
async function received(chunks: AsyncIterable<Uint8Array>): Promise<IncomingMessage> {
  const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
  server = createServer(resolve).listen(0, "127.0.0.1");
  await once(server, "listening");
  const sending = request({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", method: "PUT" });
  sending.on("error", () => {});
  sendBody(chunks, sending).catch(() => {});
  return await promise;
}

describe("a body", () => {
  it("arrives whole and in order, also from memory that is used again", async () => {
    const memory = new Uint8Array(1 << 20);
    const message = await received(
      (async function* () {
        for (let n = 0; n < 8; n++) yield memory.fill(n);
      })(),
    );
    const parts: Buffer[] = [];
    for await (const chunk of bodyOf(message)) parts.push(Buffer.from(chunk));
    const body = Buffer.concat(parts);
    expect(body.length).toBe(8 << 20);
    for (let n = 0; n < 8; n++) expect(body.subarray(n << 20, (n + 1) << 20).equals(mebibyte(n))).toBe(true);
  });

  it("gives the memory of a chunk back when the next is asked for", async () => {
    const message = await received(
      (async function* () {
        for (let n = 0; n < 4; n++) yield mebibyte(n);
      })(),
    );
    const chunks: Uint8Array[] = [];
    for await (const chunk of bodyOf(message)) {
      expect(chunk.length).toBeGreaterThan(0);
      chunks.push(chunk);
    }
    expect(chunks.length).toBeGreaterThan(4);
    // Small ones share memory with others.
    const own = chunks.filter(({ length }) => length !== 0);
    expect(own.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(1 << 20);
  });

  it("is left open when it is not read to its end", async () => {
    const message = await received(
      (async function* () {
        for (let n = 0; n < 4; n++) yield mebibyte(n);
      })(),
    );
    for await (const _ of bodyOf(message)) break;
    expect(message.destroyed).toBe(false);
  });
});

describe("sending", () => {
  it("asks for a chunk only when the one before is out", async () => {
    const log: string[] = [];
    const slow = new Writable({
      highWaterMark: 1 << 24,
      write: (chunk: Uint8Array, _, done) => {
        void sleep(5).then(() => {
          log.push(`out ${chunk[0]}`);
          done();
        });
      },
    });
    await sendBody(
      (async function* () {
        for (let n = 0; n < 3; n++) {
          log.push(`asked ${n}`);
          yield mebibyte(n);
        }
      })(),
      slow,
    );
    expect(log).toEqual(["asked 0", "out 0", "asked 1", "out 1", "asked 2", "out 2"]);
  });

  it("fails, and lets go of what it sends, when the receiver has gone without a word", async () => {
    let released = false;
    const silent = new Writable({ write: () => {} });
    const sending = sendBody(
      (async function* () {
        try {
          for (;;) yield mebibyte(0);
        } finally {
          released = true;
        }
      })(),
      silent,
    );
    setTimeout(() => silent.destroy(), 20);
    await expect(sending).rejects.toThrow();
    expect(released).toBe(true);
  });

  it("fails as what it sends does, and does not end then", async () => {
    const to = new Writable({ write: (_chunk, _, done) => done() });
    const sending = sendBody(
      (async function* () {
        yield mebibyte(0);
        throw new Error("it is damaged");
      })(),
      to,
    );
    await expect(sending).rejects.toThrow("it is damaged");
    expect(to.writableEnded).toBe(false);
  });
});
