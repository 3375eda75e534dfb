import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { afterEach, describe, expect, it } from "vitest";
import { ask, listening } from "../testing/http.ts";
import { isCall, isNative, passThrough } from "./pass-through.ts";

const opened: { close: () => void }[] = [];
afterEach(() => {
  for (const thing of opened.splice(0)) thing.close();
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A gateway that only passes through, before a registry that does what `registry` says. */
async function setUp(registry: Handler, ownWrite: (event: bigint) => Promise<void> = async () => {}) {
  const upstream = serve(registry);
  const registryUrl = await listening(upstream);
  const native = passThrough(registryUrl, ownWrite);
  opened.push(native);
  const failures: Error[] = [];
  const front = serve((request, response) => {
    native.forward(request, response).catch((error: Error) => {
      failures.push(error);
      if (!response.headersSent) response.writeHead(503).end(error.message);
    });
  });
  return { url: await listening(front), upstream, failures, native };
}

function serve(handler: Handler): Server {
  const server = createServer(handler);
  opened.push({
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  });
  return server;
}

const zeros = function* (mebibytes: number) {
  const chunk = Buffer.alloc(1024 * 1024);
  for (let n = 0; n < mebibytes; n++) yield chunk;
};

describe("passThrough", () => {
  it("passes method, path, query, body, status and headers on as they are", async () => {
    const { url } = await setUp(async (request, response) => {
      const body = await buffer(request);
      response.writeHead(409, { "x-answer": "a", "content-type": "application/json" });
      response.end(
        JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body: `${body}` }),
      );
    });
    const answer = await ask(url, "/v1/blobs/00%2F?x=%40", {
      method: "PUT",
      headers: { authorization: "Bearer t", "content-range": "bytes 0-1/2", "x-own": "1" },
      body: "ab",
    });
    expect(answer.status).toBe(409);
    expect(answer.headers["x-answer"]).toBe("a");
    expect(JSON.parse(answer.text)).toMatchObject({
      method: "PUT",
      url: "/v1/blobs/00%2F?x=%40",
      headers: { authorization: "Bearer t", "content-range": "bytes 0-1/2", "x-own": "1" },
      body: "ab",
    });
  });

  it("keeps what concerns one connection, and the caller's Host and Origin, to itself", async () => {
    const { url } = await setUp((request, response) => {
      response.setHeader("connection", "x-hop");
      response.setHeader("x-hop", "registry's");
      response.end(JSON.stringify(request.headers));
    });
    const headers = {
      connection: "close, x-mine",
      "x-mine": "caller's",
      te: "trailers",
      origin: "http://localhost:1",
      host: "localhost:2",
      expect: "100-continue",
    };
    const answer = await ask(url, "/mintmark.x/Y", { headers });
    const seen = JSON.parse(answer.text) as Record<string, string>;
    for (const name of ["x-mine", "te", "origin", "expect"]) expect(seen).not.toHaveProperty(name);
    expect(seen["host"]).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(answer.headers).not.toHaveProperty("x-hop");
  });

  it("holds a write's answer back until the own view has seen it", async () => {
    const order: string[] = [];
    const { url } = await setUp(
      (_, response) => response.setHeader("mintmark-event", "7").end("done"),
      async (event) => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        order.push(`seen ${event}`);
      },
    );
    order.push((await ask(url, "/mintmark.x/Y", { method: "POST" })).text);
    expect(order).toEqual(["seen 7", "done"]);
  });

  it("streams bodies both ways in constant memory", async () => {
    let received = 0;
    const { url } = await setUp(async (request, response) => {
      for await (const chunk of request) received += (chunk as Buffer).length;
      await pipeline(Readable.from(zeros(256)), response);
    });
    const before = process.memoryUsage().rss;
    let highest = 0;
    const watch = setInterval(() => {
      highest = Math.max(highest, process.memoryUsage().rss);
    }, 5);
    const { hostname, port } = new URL(url);
    const upload = httpRequest({ hostname, port, path: "/v1/blobs/0", method: "PUT" });
    const answered = once(upload, "response") as Promise<[IncomingMessage]>;
    await pipeline(Readable.from(zeros(256)), upload);
    let sent = 0;
    for await (const chunk of (await answered)[0]) sent += (chunk as Buffer).length;
    clearInterval(watch);
    expect([received, sent]).toEqual([256 * 1024 * 1024, 256 * 1024 * 1024]);
    expect((highest - before) / 1024 / 1024).toBeLessThan(150);
  });

  it("shows that a stream stands before its first message", async () => {
    const { url } = await setUp((_, response) => response.flushHeaders());
    const { hostname, port } = new URL(url);
    const request = httpRequest({ hostname, port, path: "/mintmark.x/Watch" }).end();
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    expect(answer.statusCode).toBe(200);
    answer.on("error", () => {});
    request.destroy();
  });

  it("ends the call upstream when the caller goes away", async () => {
    const gone = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const { url } = await setUp((request, response) => {
      begun.resolve();
      response.on("close", gone.resolve);
      request.resume();
    });
    const { hostname, port } = new URL(url);
    const request = httpRequest({ hostname, port, path: "/v1/blobs/0", method: "PUT" });
    request.on("error", () => {});
    request.write("half of it");
    await begun.promise;
    request.destroy();
    await gone.promise;
  });

  it("cuts the answer off when the registry breaks off in the middle of it", async () => {
    const { url } = await setUp((_, response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write("half of it", () => response.destroy());
    });
    await expect(ask(url, "/v1/blobs/0")).rejects.toThrow("aborted");
  });

  it("says that the registry cannot be reached when it is away", async () => {
    const { url, upstream, failures } = await setUp(() => {});
    upstream.close();
    const answer = await ask(url, "/mintmark.x/Y", { method: "POST" });
    expect(answer.status).toBe(503);
    expect(failures[0]).toMatchObject({ reason: "SERVER_UNREACHABLE", kind: "unavailable" });
  });

  it("cuts off what is under way when it is closed", async () => {
    const { url, native } = await setUp((_, response) => {
      response.write("first");
    });
    const { hostname, port } = new URL(url);
    const request = httpRequest({ hostname, port, path: "/mintmark.x/Watch" }).end();
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    const ended = once(answer, "error");
    native.close();
    await ended;
  });
});

it.each([
  ["/mintmark.registry.v1.ModelService/GetModel", true, true],
  ["/v1/blobs/00", true, false],
  ["/v1/blobs", false, false],
  ["/v1/data/1.x/00/a.csv", true, false],
  ["/serve/mintmark.x/ping", false, false],
])("%s is native: %s, a call: %s", (url, native, call) => {
  expect([isNative(url), isCall(url)]).toEqual([native, call]);
});
