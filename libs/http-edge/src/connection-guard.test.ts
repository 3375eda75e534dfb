import { once } from "node:events";
import { createServer as createHttp1, type IncomingMessage, type ServerResponse } from "node:http";
import { connect as connectHttp2, createServer as createHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConnectionLimits } from "./connection-limits.ts";
import { type GuardedPort, listenGuarded } from "./guarded-port.ts";

const limits: ConnectionLimits = { headersMs: 100, idleMs: 200, stallMs: 150, maxConnections: 5 };
/** Answers `/` when the body is there, and `/later` when it is told to. */
let later: { readonly request: IncomingMessage; readonly response: ServerResponse }[];
let port: GuardedPort;
let clients: Socket[];

const handle = (request: IncomingMessage, response: ServerResponse) => {
  if (request.url === "/later") later.push({ request, response });
  else request.resume().on("end", () => response.end("ok"));
};

beforeEach(() => {
  later = [];
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.destroy();
  port.guard.destroyAll();
  await port.close();
});

async function http1(changed: Partial<ConnectionLimits> = {}) {
  const server = createHttp1({ keepAliveTimeout: 60_000, requestTimeout: 0 }, handle);
  await listening(changed, (socket) => server.emit("connection", socket));
  port.guard.watchHttp1(server);
}

async function http2(changed: Partial<ConnectionLimits> = {}) {
  const server = createHttp2({}, handle as never);
  server.on("session", (session) => session.on("error", () => {}));
  await listening(changed, (socket) => server.emit("connection", socket));
  port.guard.watchHttp2(server);
}

async function listening(changed: Partial<ConnectionLimits>, take: (socket: Socket) => void) {
  port = await listenGuarded({ host: "127.0.0.1", port: 0, limits: { ...limits, ...changed } }, take);
}

/** A connection that has sent `first`; `closed` tells after how many milliseconds the server ended it. */
async function held(first = "") {
  // Before the server has heard of it: what it measures is shorter.
  const begin = performance.now();
  const socket = connect(port.port, "127.0.0.1");
  clients.push(socket);
  const text: string[] = [];
  socket.on("data", (chunk) => text.push(String(chunk))).on("error", () => {});
  await once(socket, "connect");
  if (first !== "") socket.write(first);
  const closed = new Promise<number>((resolve) => socket.once("close", () => resolve(performance.now() - begin)));
  return { socket, closed, text: () => text.join("") };
}

/** One byte every few milliseconds, for as long as it may. */
function trickle(socket: Socket, byte: string) {
  const timer = setInterval(() => socket.writable && socket.write(byte), 10);
  socket.once("close", () => clearInterval(timer));
}

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const settings = "\0\0\0\x04\0\0\0\0\0";
/** Promises 100 bytes of headers, without END_HEADERS. */
const halfHeaders = "\0\0\x64\x01\0\0\0\0\x01\x82";
const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

describe("a connection is closed", () => {
  it("that sends many requests without waiting for their answers", async () => {
    await http1();
    const few = await held("GET /later HTTP/1.1\r\nHost: x\r\n\r\n".repeat(16));
    const many = await held("GET /later HTTP/1.1\r\nHost: x\r\n\r\n".repeat(17));
    await many.closed;
    expect(few.socket.destroyed).toBe(false);
  });

  it.each([
    ["says nothing", ""],
    ["sends half of its headers", "GET / HTTP/1.1\r\nHost: x\r\nX: "],
    ["sends one byte", "G"],
  ])("that %s", async (_, first) => {
    await http1();
    expect(await (await held(first)).closed).toBeGreaterThan(90);
  });

  it.each([
    ["says nothing", ""],
    ["sends the preface only", preface],
    ["asks for nothing", preface + settings],
    ["sends half of its headers", preface + settings + halfHeaders],
  ])("of HTTP/2 that %s", async (_, first) => {
    await http2();
    const { socket, closed } = await held();
    if (first !== "") socket.write(Buffer.from(first, "latin1"));
    expect(await closed).toBeGreaterThan(90);
  });

  it("that sends its headers byte by byte, also those of a later request", async () => {
    await http1();
    const first = await held("GET / HTTP/1.1\r\nX: ");
    trickle(first.socket, "x");
    expect(await first.closed).toBeLessThan(10_000);
    const second = await held(get);
    while (!second.text().includes("ok")) await once(second.socket, "data");
    second.socket.write("GET / HTTP/1.1\r\nX: ");
    trickle(second.socket, "x");
    expect(await second.closed).toBeLessThan(10_000);
  });

  it("that has had its answer and asks no more", async () => {
    await http1();
    const { closed, text } = await held(get);
    expect(await closed).toBeGreaterThan(190);
    expect(text()).toContain("ok");
  });

  it("of HTTP/2 without a stream, however often it pings", async () => {
    await http2();
    const session = connectHttp2(`http://127.0.0.1:${port.port}`);
    const pings = setInterval(() => session.ping(() => {}), 10);
    const told = once(session, "goaway");
    const closed = once(session, "close");
    await once(session.request({ ":path": "/" }).resume(), "end");
    await told;
    clearInterval(pings);
    await closed;
  });

  it("whose body does not go on", async () => {
    await http1();
    const { closed } = await held("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf");
    expect(await closed).toBeGreaterThan(140);
  });

  it("whose answer is not taken", async () => {
    await http1();
    const { socket, closed } = await held("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    while (later.length === 0) await sleep(5);
    socket.pause();
    later[0]!.response.write(Buffer.alloc(64 << 20));
    const begin = performance.now();
    while (port.guard.size() > 0) await sleep(10);
    expect(performance.now() - begin).toBeGreaterThan(140);
    socket.resume();
    await closed;
  });

  it("not, but its stream, of HTTP/2 whose body does not go on", async () => {
    await http2();
    const session = connectHttp2(`http://127.0.0.1:${port.port}`);
    const stream = session.request({ ":path": "/", ":method": "PUT" });
    stream.on("error", () => {});
    stream.write("half");
    await once(stream, "close");
    expect(session.destroyed).toBe(false);
    session.destroy();
  });
});

describe("a connection stays", () => {
  it("whose body goes on slowly", async () => {
    await http1();
    const { socket, text } = await held("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 60\r\n\r\n");
    for (let sent = 0; sent < 60; sent += 6) {
      await sleep(50);
      socket.write("......");
    }
    while (!text().includes("ok")) await once(socket, "data");
  });

  it("whose answer is long in coming, also where the body lies unread here", async () => {
    await http1();
    const { socket, text } = await held("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    const unread = await held(`PUT /later HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n${"x".repeat(100_000)}`);
    await sleep(500);
    expect([later.length, port.guard.size()]).toEqual([2, 2]);
    later[0]!.response.end("ok");
    while (!text().includes("ok")) await once(socket, "data");
    unread.socket.destroy();
  });

  it("of HTTP/2 with a stream on which nothing is sent", async () => {
    await http2();
    const session = connectHttp2(`http://127.0.0.1:${port.port}`);
    const stream = session.request({ ":path": "/later" });
    await sleep(500);
    later[0]!.response.end("ok");
    const [chunk] = await once(stream, "data");
    expect(String(chunk)).toBe("ok");
    session.destroy();
  });
});

describe("when there are as many as there may be", () => {
  it("the oldest that has not asked for anything gives way", async () => {
    await http1({ headersMs: 60_000 });
    const first = await held("GET / HTTP/1.1\r\nX: ");
    const more = await Promise.all(Array.from({ length: 4 }, () => held()));
    const next = await held(get);
    await first.closed;
    while (!next.text().includes("ok")) await once(next.socket, "data");
    expect(port.guard.size()).toBe(5);
    expect(more.every(({ socket }) => socket.writable)).toBe(true);
  });

  it("then the one that has been idle the longest, and none that is busy", async () => {
    await http1({ idleMs: 60_000 });
    const busy = await Promise.all(Array.from({ length: 3 }, () => held("GET /later HTTP/1.1\r\nHost: x\r\n\r\n")));
    const idle = [];
    for (let n = 0; n < 2; n++) {
      const one = await held(get);
      while (!one.text().includes("ok")) await once(one.socket, "data");
      idle.push(one);
    }
    const next = await held(get);
    while (!next.text().includes("ok")) await once(next.socket, "data");
    await idle[0]!.closed;
    expect([idle[1]!.socket.writable, ...busy.map(({ socket }) => socket.writable)]).toEqual([true, true, true, true]);
  });

  it("and all are busy, one more is closed at once", async () => {
    await http1();
    await Promise.all(Array.from({ length: 5 }, () => held("GET /later HTTP/1.1\r\nHost: x\r\n\r\n")));
    while (later.length < 5) await sleep(5);
    const refused = connect(port.port, "127.0.0.1");
    refused.on("error", () => {});
    await new Promise<void>((resolve) => refused.once("close", () => resolve()));
    expect(port.guard.size()).toBe(5);
  });
});
