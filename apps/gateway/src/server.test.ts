import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectRegistry, reasonOf } from "@mintmark/registry-client";
import pino from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, type GatewayOptions, startGateway } from "./server.ts";
import { ask, listening } from "./testing/http.ts";

const nowhere = "http://127.0.0.1:9";
const keyDir = mkdtempSync(join(tmpdir(), "mintmark-gateway-"));
afterAll(() => rmSync(keyDir, { recursive: true }));

const start = (options: Partial<GatewayOptions> = {}) =>
  startGateway({
    host: "127.0.0.1",
    port: 0,
    grpcPort: 0,
    registryUrl: nowhere,
    token: undefined,
    auth: false,
    keyDir,
    publicUrl: "http://mint.local:1",
    freshness: { staleAfterMs: 5_000, refuseAfterMs: 300_000 },
    log: pino({ level: "silent" }),
    ...options,
  });

describe("a connection that asks for nothing", () => {
  it.each(["GET / HTTP/1.1\r\nHost: x\r\nX: ", ""])(
    "is closed where it sends %j, and others are answered",
    async (first) => {
      const connectionLimits = { headersMs: 100, idleMs: 100, stallMs: 100, maxConnections: 50 };
      const gateway = await start({ connectionLimits });
      const held = Array.from({ length: 60 }, () =>
        connect(gateway.port, "127.0.0.1")
          .on("error", () => {})
          .resume(),
      );
      const closed = held.map((socket) => {
        socket.write(first);
        return new Promise<void>((resolve) => socket.once("close", () => resolve()));
      });
      expect(await ask(`http://127.0.0.1:${gateway.port}`, "/health")).toMatchObject({ status: 200 });
      await Promise.all(closed);
      await gateway.close();
    },
  );
});

describe("a gateway whose registry is away", () => {
  let gateway: Gateway;
  let url: string;
  beforeAll(async () => {
    gateway = await start();
    url = `http://127.0.0.1:${gateway.port}`;
  });
  afterAll(() => gateway.close());

  it("lives, is not ready, and says what it is", async () => {
    expect(await ask(url, "/health")).toMatchObject({ status: 200, text: "OK" });
    expect(await ask(url, "/ready")).toMatchObject({ status: 503 });
    expect(await ask(url, "/version")).toMatchObject({ status: 200, text: "3.17.2" });
    expect(JSON.parse((await ask(url, "/v1/info")).text)).toMatchObject({ name: "mintmark", mlflow_version: "3.17.2" });
  });

  it("tells a browser what it is, with nothing to run in it, and counts that", async () => {
    const page = await ask(url, "/");
    expect([page.status, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(page.text).toContain("MLflow 3.17.2");
    expect(page.text).not.toMatch(/<script|<style| on\w+=/);
    expect(await ask(url, "/", { method: "HEAD" })).toMatchObject({ status: 200, text: "" });
    expect((await ask(url, "/metrics")).text).toContain('mintmark_request_seconds_count{route="/",status="200"} 2');
  });

  it("tells a native client that the registry is unavailable, and why", async () => {
    const client = connectRegistry({ baseUrl: url, token: undefined, httpVersion: "1.1" });
    const error: unknown = await client.models.getModel({ name: "x" }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConnectError);
    expect((error as ConnectError).code).toBe(Code.Unavailable);
    expect(reasonOf(error)).toBe("SERVER_UNREACHABLE");
    client.close();
  });

  it.each([
    ["/v1/resolve?uri=x", "GET"],
    ["/v1/blobs/00", "GET"],
  ])("answers %s with 503 and the error body of /v1", async (path, method) => {
    const answer = await ask(url, path, { method });
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.text)).toEqual({
      error: { code: "unavailable", reason: expect.any(String), message: expect.any(String) },
    });
  });

  it("answers a prediction with 503 in MLflow's terms", async () => {
    const answer = await ask(url, "/serve/x/invocations", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"inputs":[1]}',
    });
    expect([answer.status, JSON.parse(answer.text).error_code]).toEqual([503, "TEMPORARILY_UNAVAILABLE"]);
  });

  it.each(["alias?name=x&alias=y", "get?name=x", "search"])(
    "answers MLflow's %s with 503 in its terms",
    async (call) => {
      const answer = await ask(url, `/api/2.0/mlflow/registered-models/${call}`);
      expect([answer.status, JSON.parse(answer.text).error_code]).toEqual([503, "TEMPORARILY_UNAVAILABLE"]);
    },
  );

  it.each([
    ["GET", "/nothing", 404, "ROUTE_NOT_FOUND"],
    ["POST", "/health", 404, "ROUTE_NOT_FOUND"],
    ["PROPFIND", "/v1/resolve", 404, "ROUTE_NOT_FOUND"],
    ["GET", "/v1/%zz", 400, "REQUEST_UNREADABLE"],
    ["GET", `/${"x".repeat(100_000)}`, 404, "ROUTE_NOT_FOUND"],
    ["GET", `/${"x".repeat(140_000)}`, 431, "REQUEST_UNREADABLE"],
  ])("answers %s %.20s with %i", async (method, path, status, reason) => {
    const answer = await ask(url, path, { method });
    expect([answer.status, JSON.parse(answer.text).error.reason]).toEqual([status, reason]);
  });

  it("tells MLflow's clients in their form that a filter is too long", async () => {
    const path = `/api/2.0/mlflow/model-versions/search?filter=${"x".repeat(140_000)}`;
    expect(JSON.parse((await ask(url, path)).text)).toMatchObject({
      error_code: "INVALID_PARAMETER_VALUE",
      message: "the URL and headers are longer than 131072 bytes",
    });
  });

  it("logs no failure that is its caller's as one of its own", async () => {
    const logged: string[] = [];
    const log = pino({ level: "error" }, { write: (line) => logged.push(line) });
    const other = await start({ log });
    const at = `http://127.0.0.1:${other.port}`;
    const json = { "content-type": "application/json" };
    const answers = [
      await ask(at, "/api/2.0/mlflow/nope"),
      await ask(at, "/api/2.0/mlflow/runs/create", { method: "POST", headers: json, body: "{" }),
      await ask(at, "/api/2.0/mlflow/runs/get"),
      await ask(at, "/v1/traces", { method: "POST", headers: json, body: "{}" }),
      await ask(at, "/serve/x/invocations", { method: "POST", headers: json, body: "{}" }),
      await ask(at, "/nothing"),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 400, 400, 400, 503, 404]);
    expect(logged).toEqual([]);
    await other.close();
  });

  it("answers what is not HTTP with 400", async () => {
    const socket = connect(gateway.port, "127.0.0.1");
    socket.write("HELLO gateway\r\n\r\n");
    expect(await text(socket)).toMatch(/^HTTP\/1.1 400 Bad Request\r\n.*REQUEST_UNREADABLE/s);
  });

  it("lets a client that asks first send its body", async () => {
    const answer = await ask(url, "/serve/x/invocations", {
      method: "POST",
      headers: { expect: "100-continue", "content-type": "text/csv" },
      body: "a\n1\n",
    });
    expect(answer.status).toBe(503);
  });

  it.each([
    "/v1/resolve?uri=x",
    "/serve/x/ping",
    "/api/2.0/mlflow/registered-models/get?name=x",
    "/mintmark.x/Y",
    "/v1/blobs/00",
    "/metrics",
    "/v1/info",
    "/nothing",
  ])("refuses %s to a page of another site", async (path) => {
    for (const headers of [
      { host: "evil.example" },
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: "http://127.0.0.1:3000" },
    ])
      expect((await ask(url, path, { headers })).status).toBe(403);
    const own = { host: "mint.local:1", origin: "http://mint.local:1" };
    expect((await ask(url, path, { headers: own })).status).not.toBe(403);
  });

  it("counts what it answered, by route and status", async () => {
    const { text } = await ask(url, "/metrics");
    expect(text).toContain('mintmark_resolves_total{from="registry"}');
    expect(text).toContain('mintmark_resolves_total{from="memory"} 0');
    expect(text).toContain('mintmark_mlflow_hot_reads_total{from="memory"} 0');
    for (const [route, status] of [
      ["/serve/*", 503],
      ["native", 503],
      ["/v1/blobs/*", 503],
      ["/v1/resolve", 503],
      ["mlflow hot read", 503],
      ["unknown", 404],
    ])
      expect(text).toContain(`mintmark_request_seconds_count{route="${route}",status="${status}"}`);
    expect(text).toContain("mintmark_registry_silence_seconds +Inf");
    expect(text).toContain("mintmark_loaded_models 0");
  });
});

describe("a gateway with authentication", () => {
  it("asks for a token everywhere but where it says that it lives", async () => {
    const gateway = await start({ auth: true });
    const url = `http://127.0.0.1:${gateway.port}`;
    for (const path of ["/v1/resolve?uri=x", "/serve/x/ping", "/v1/blobs/00", "/metrics", "/v1/info", "/nothing"]) {
      const answer = await ask(url, path);
      expect([answer.status, answer.headers["www-authenticate"]], path).toEqual([401, 'Bearer realm="mintmark"']);
    }
    expect(JSON.parse((await ask(url, "/mintmark.x/Y", { method: "POST" })).text)).toMatchObject({
      code: "unauthenticated",
    });
    const mlflow = await ask(url, "/api/2.0/mlflow/registered-models/get?name=x");
    expect([mlflow.status, mlflow.headers["www-authenticate"]]).toEqual([401, 'Bearer realm="mintmark"']);
    expect(JSON.parse(mlflow.text)).toMatchObject({ error_code: "UNAUTHENTICATED" });
    for (const path of ["/", "/health", "/version"]) expect((await ask(url, path)).status).toBe(200);
    // A foreign name is no matter where everyone has to say who he is.
    expect((await ask(url, "/version", { headers: { host: "models.example" } })).status).toBe(200);
    const unknown = await ask(url, "/v1/info", { headers: { authorization: "Bearer mm_a_b" } });
    expect(unknown.status).toBe(503);
    await gateway.close();
  });
});

describe("a token of a gateway", () => {
  it("has so many requests under way, and is told the limit and when it may come again", async () => {
    const held: ServerResponse[] = [];
    const upstream = createServer((request, response) => {
      if (request.url!.endsWith("/GetCaller")) response.writeHead(200, { "content-type": "application/proto" }).end();
      else held.push(response);
    });
    const gateway = await start({
      auth: true,
      registryUrl: await listening(upstream),
      quotas: { requests: 2, bytesPerMinute: 1_000_000 },
    });
    const url = `http://127.0.0.1:${gateway.port}`;
    const as = (id: string) => ({ authorization: `Bearer mm_${id.repeat(16)}_${"b".repeat(64)}` });
    const first = [1, 2].map(() => ask(url, "/v1/blobs/00", { headers: as("a") }));
    while (held.length < 2) await sleep(5);
    for (const path of ["/v1/blobs/00", "/v1/info", "/mintmark.x/Y", "/serve/x/ping"]) {
      const answer = await ask(url, path, { headers: as("a") });
      expect([answer.status, answer.headers["retry-after"]], path).toEqual([429, "1"]);
      expect(answer.text).toContain("has 2 requests under way, and may have 2 at once");
    }
    expect((await ask(url, "/v1/info", { headers: as("c") })).status).toBe(200);
    for (const response of held) response.end("x".repeat(600_000));
    await Promise.all(first);
    const full = await ask(url, "/v1/info", { headers: as("a") });
    expect([full.status, full.text]).toEqual([429, expect.stringMatching(/120\d{4} bytes .* may have 1000000 /)]);
    expect(Number(full.headers["retry-after"])).toBeGreaterThan(50);
    await gateway.close();
    upstream.closeAllConnections();
    upstream.close();
  });
});

describe("the end of a gateway", () => {
  /** A gateway before a registry of plain HTTP, for what passes through. */
  async function before(registry: RequestListener): Promise<{ gateway: Gateway; upstream: Server; url: string }> {
    const upstream = createServer(registry);
    const gateway = await start({ registryUrl: await listening(upstream) });
    return { gateway, upstream, url: `http://127.0.0.1:${gateway.port}` };
  }

  it("answers what has begun, and tells each connection that it closes", async () => {
    const arrived = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const { gateway, upstream, url } = await before(async (_, response) => {
      arrived.resolve();
      await go.promise;
      response.end("done");
    });
    const answer = ask(url, "/v1/blobs/00");
    await arrived.promise;
    const closed = gateway.close();
    await expect(ask(url, "/health")).rejects.toThrow();
    go.resolve();
    expect(await answer).toMatchObject({ status: 200, text: "done" });
    await closed;
    upstream.close();
  });

  it("answers once more on a connection that was busy, and says that it closes", async () => {
    const go = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const { gateway, upstream } = await before(async (_, response) => {
      arrived.resolve();
      await go.promise;
      response.end("done");
    });
    const socket = connect(gateway.port, "127.0.0.1");
    const ask = (path: string) => socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    ask("/v1/blobs/00");
    await arrived.promise;
    const closed = gateway.close();
    go.resolve();
    const [first] = (await once(socket, "data")) as [Buffer];
    // One that the framework, which does the same, does not see.
    ask("/v1/blobs/01");
    expect(`${first}${await text(socket)}`).toMatch(/done.*HTTP\/1.1 200 OK\r\n.*connection: close.*done/is);
    await closed;
    upstream.close();
  });

  it("cuts streams that have no end after a few seconds", async () => {
    const { gateway, upstream, url } = await before((_, response) => {
      response.write("first");
    });
    const stream = await fetch(`${url}/mintmark.x/Watch`);
    const began = performance.now();
    const cut = expect(stream.text()).rejects.toThrow();
    await gateway.close();
    await cut;
    expect(performance.now() - began).toBeLessThan(4_500);
    upstream.close();
    upstream.closeAllConnections();
  });

  it("leaves nothing behind when one of its ports cannot be had", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    const free = createServer().listen(0, "127.0.0.1");
    await once(free, "listening");
    const { port: own } = free.address() as { port: number };
    free.close();
    await expect(start({ port: own, grpcPort: port })).rejects.toMatchObject({ code: "EADDRINUSE", port });
    await expect(ask(`http://127.0.0.1:${own}`, "/health")).rejects.toThrow("ECONNREFUSED");
    await expect(start({ port })).rejects.toMatchObject({ code: "EADDRINUSE", port });
    taken.close();
  });
});
