import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import type { DescService } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import {
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { clients, detailOf, reasonHeader } from "@mintmark/registry-client";
import { type TestDatabase, testDatabase } from "@mintmark/testing/postgres";
import pino from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultMessageLimits, largeMethods, limitOf } from "./messages/message-limits.ts";
import { type Registry, type RegistryOptions, startRegistry } from "./server.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { addServices } from "./services.ts";
import { writeKeys } from "./testing/registry.ts";

const kibibyte = 1024;
const messageLimits = {
  ...defaultMessageLimits,
  usual: { bytes: 64 * kibibyte, elements: 1_000 },
  large: { bytes: 1024 * kibibyte, elements: 5_000 },
  largeAtOnce: 1,
  turnMs: 50,
};

let directory: string;
let database: TestDatabase;
let options: RegistryOptions;
let registry: Registry;
let token: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "mintmark-calls-"));
  database = await testDatabase();
  await writeKeys(join(directory, "keys"));
  options = {
    databaseUrl: database.url,
    queueUrl: undefined,
    artifactStore: pathToFileURL(join(directory, "store")).href,
    keyDir: join(directory, "keys"),
    host: "127.0.0.1",
    port: 0,
    auth: true,
    ownNames: undefined,
    adminTokenFile: join(directory, "admin.token"),
    serviceTokens: "",
    messageLimits,
    quotas: { requests: 4, bytesPerMinute: 1024 ** 3 },
    log: pino({ level: "silent" }),
  };
  registry = await startRegistry(options);
  token = (await readFile(join(directory, "admin.token"), "utf8")).trim();
});
afterAll(async () => {
  await registry.close();
  await database.drop();
  await rm(directory, { recursive: true });
});

const createModel = "/mintmark.registry.v1.ModelService/CreateModel";
const getModel = "/mintmark.registry.v1.ModelService/GetModel";
const registerVersion = "/mintmark.registry.v1.VersionService/RegisterVersion";

describe("without a token", () => {
  it.each([
    ["Connect", () => createConnectTransport({ ...to(), httpVersion: "1.1" })],
    ["Connect over HTTP/2", () => createConnectTransport({ ...to(), httpVersion: "2" })],
    ["gRPC", () => createGrpcTransport(to())],
    ["gRPC-Web", () => createGrpcWebTransport({ ...to(), httpVersion: "1.1" })],
  ])("a call and a stream by %s are refused with the reason", async (_, transport) => {
    const { models, events } = clients(transport(), () => {});
    for (const call of [
      () => models.listModels({}),
      async () => {
        for await (const _ of events.watch({}));
      },
    ]) {
      const error = ConnectError.from(await call().catch((thrown: unknown) => thrown));
      expect([error.code, error.metadata.get(reasonHeader)]).toEqual([Code.Unauthenticated, "TOKEN_MISSING"]);
    }
  });

  it("nothing of the body is read: the answer is there before it was sent", async () => {
    const { answer, request } = await open(createModel, {
      "content-type": "application/json",
      "content-length": 60_000_000,
      "content-encoding": "gzip",
    });
    expect(answer.statusCode).toBe(401);
    expect(await text(answer)).toContain("unauthenticated");
    request.destroy();
  });

  it.each([createModel, `/v1/blobs/${"0".repeat(64)}`, "/v1/files/x"])(
    "the answer of %s reaches a client that first sends all of its body",
    async (path) => {
      const method = path.startsWith("/v1") ? "PUT" : "POST";
      const headers = `Content-Type: application/json\r\nContent-Length: ${60 << 20}`;
      expect(await sendThenRead(path, method, headers, Buffer.alloc(60 << 20, " "))).toBe("401");
    },
  );
});

describe("a message", () => {
  const allowed = () => ({ authorization: `Bearer ${token}`, "content-type": "application/json" });

  it("of any method is refused above the method's limit, with the limit and what was seen", async () => {
    const seen = messageLimits.large.bytes + 1;
    for (const { path, method } of methods()) {
      const { bytes } = limitOf(method, messageLimits, true);
      const { status, body } = await send(path, allowed(), Buffer.alloc(seen, " "));
      expect(status, path).toBe(429);
      expect(body.message).toBe(
        `a message to ${method.name} may have at most ${bytes} bytes, and this one has ${seen}; send less at once, or more of them`,
      );
    }
  });

  it("of few methods may be large", () => {
    const found = methods().filter(({ method }) => largeMethods.has(method));
    expect(found.map(({ method }) => method.name).sort()).toEqual([
      "AppendLogs",
      "LogBatch",
      "LogModel",
      "LogSpans",
      "RecordTrace",
      "RegisterVersion",
      "UpsertEvaluationRecords",
    ]);
  });

  it("is counted where its length was not said, and after inflation, and the answer reaches who sends on", async () => {
    const large = Buffer.from(JSON.stringify({ name: "n", u: " ".repeat(200 * kibibyte) }));
    const refused = { status: 429, headers: { [reasonHeader]: "MESSAGE_OVER_LIMIT" } };
    expect(await send(createModel, { ...allowed(), "transfer-encoding": "chunked" }, large)).toMatchObject(refused);
    const gzip = { ...allowed(), "content-encoding": "gzip" };
    expect(await send(createModel, gzip, gzipSync(large))).toMatchObject(refused);
    expect(await send(registerVersion, gzip, gzipSync(large))).toMatchObject({ status: 400 });
    expect(await send(registerVersion, gzip, gzipSync(Buffer.alloc(300 * kibibyte, " ")))).toMatchObject(refused);
    const headers = `Authorization: Bearer ${token}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked`;
    const chunk = Buffer.concat([Buffer.from("10000\r\n"), Buffer.alloc(65_536, " "), Buffer.from("\r\n")]);
    const chunks = Buffer.concat([...Array.from({ length: 400 }, () => chunk), Buffer.from("0\r\n\r\n")]);
    expect(await sendThenRead(createModel, "POST", headers, chunks)).toBe("429");
  });

  it.each([
    ["Connect", () => createConnectTransport({ ...to(token), httpVersion: "1.1" })],
    ["Connect, compressed, over HTTP/2", () => createConnectTransport({ ...to(token), httpVersion: "2", ...packed })],
    ["gRPC", () => createGrpcTransport(to(token))],
    ["gRPC, compressed", () => createGrpcTransport({ ...to(token), ...packed })],
    ["gRPC-Web, compressed", () => createGrpcWebTransport({ ...to(token), httpVersion: "1.1", ...packed })],
  ])("by %s passes below the limit, and not above, also by its elements", async (_, transport) => {
    const { models, versions, runs } = clients(transport(), () => {});
    const name = `m${Math.random()}`.replace(".", "");
    await models.createModel({ name, description: "d".repeat(10_000) });
    const error = await models.createModel({ name, description: "d".repeat(70_000) }).catch((e: unknown) => e);
    expect(detailOf(error, "MESSAGE_OVER_LIMIT")).toMatchObject({ unit: "bytes", limit: 65_536 });
    const files = Array.from({ length: 6_000 }, () => ({}));
    const many = await versions.registerVersion({ model: name, files }).catch((e: unknown) => e);
    expect(detailOf(many, "MESSAGE_OVER_LIMIT")).toEqual({ method: "RegisterVersion", unit: "elements", limit: 5_000 });
    const within = await versions.registerVersion({ model: name, documents: [], files: [{}] }).catch((e: unknown) => e);
    expect(ConnectError.from(within).code).toBe(Code.InvalidArgument);
    expect((await runs.listRuns({})).runs).toEqual([]);
  });

  it("with too many values of fields that nobody knows is refused before it is parsed", async () => {
    const values = Buffer.from(`{"u":[${"{},".repeat(2_000)}{}]}`);
    const { status, body } = await send(createModel, allowed(), values);
    expect([status, body.message]).toEqual([429, expect.stringContaining("at most 250 elements")]);
    expect(await send(createModel, allowed(), Buffer.from(`{"u":"${"{},".repeat(2_000)}"}`))).toMatchObject({
      status: 400,
    });
  });

  it("that is large has its turn, and says so when it had none", async () => {
    const large = Buffer.alloc(200 * kibibyte, " ");
    const first = open(registerVersion, { ...allowed(), "content-length": large.length + 1 }, large);
    first.catch(() => {});
    // Its turn is taken once it is above the usual limit; small ones go on.
    let refused = await send(registerVersion, allowed(), large);
    for (let i = 0; i < 100 && refused.status !== 429; i++) refused = await send(registerVersion, allowed(), large);
    expect(refused).toMatchObject({ status: 429, headers: { [reasonHeader]: "MESSAGE_TURN" } });
    expect((await send(registerVersion, allowed(), Buffer.from("{}"))).status).toBe(400);
    sending.at(-1)!.end(" ");
    await first;
    expect((await send(registerVersion, allowed(), large)).status).toBe(400);
  });

  it("that is not what its headers say is the caller's mistake", async () => {
    const gzip = { ...allowed(), "content-encoding": "gzip" };
    expect((await send(createModel, gzip, Buffer.from("no gzip"))).status).toBe(400);
    const grpc = { ...allowed(), "content-type": "application/grpc-web" };
    for (const frame of ["", "00000000", "0000000009", "0100000001ff"]) {
      const { status, headers, raw } = await send(createModel, grpc, Buffer.from(frame, "hex"));
      expect([status, `${headers["grpc-status"] ?? raw}`], frame).toEqual([
        200,
        expect.stringMatching(/^\d|grpc-status: [^0]/),
      ]);
    }
  });

  it("that is empty is one without fields, as before", async () => {
    const binary = { ...allowed(), "content-type": "application/proto" };
    expect((await send(createModel.replace("Create", "Get"), binary, Buffer.alloc(0))).status).toBe(400);
  });
});

describe("a token", () => {
  const allowed = () => ({ authorization: `Bearer ${token}`, "content-type": "application/json" });

  it("has so many requests under way, calls and bulk bytes together, and is told when it may come again", async () => {
    const { events } = clients(createConnectTransport({ ...to(token), httpVersion: "2" }), () => {});
    const stop = new AbortController();
    const watches = Array.from({ length: 4 }, () => events.watch({}, { signal: stop.signal })[Symbol.asyncIterator]());
    await Promise.all(watches.map((watch) => watch.next()));
    for (const [path, method] of [
      [createModel, "POST"],
      [`/v1/blobs/${"0".repeat(64)}`, "GET"],
      ["/v1/files/x", "GET"],
    ] as const) {
      const { status, headers, raw } = await send(path, allowed(), Buffer.alloc(0), method);
      expect([status, headers["retry-after"]], path).toEqual([429, "1"]);
      expect(raw).toContain("has 4 requests under way, and may have 4 at once");
    }
    stop.abort();
    await Promise.all(watches.map((watch) => watch.next().catch(() => {})));
    for (let status = 0; status !== 400; status = (await send(createModel, allowed(), Buffer.from("{}"))).status ?? 0);
  });

  it("has so many bytes a minute", async () => {
    const other = await startRegistry({ ...options, quotas: { requests: 4, bytesPerMinute: 10_000 } });
    const ask = () => send(getModel, allowed(), body, "POST", other.port);
    const body = Buffer.from(JSON.stringify({ name: "none", u: "x".repeat(6_000) }));
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await ask()).status);
    expect(statuses).toEqual([404, 404, 429]);
    const refused = await ask();
    expect(refused.body.message).toMatch(/received 1\d{4} bytes within a minute, and may have 10000/);
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    const blob = await send(`/v1/blobs/${"0".repeat(64)}`, allowed(), Buffer.alloc(0), "GET", other.port);
    expect(blob.status).toBe(429);
    await other.close();
  });
});

it("messages that are held together have a limit, too", async () => {
  const messageLimits = { ...defaultMessageLimits, memoryBytes: 100_000 };
  const other = await startRegistry({ ...options, messageLimits });
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const part = Buffer.alloc(90_000, " ");
  const held = open(createModel, { ...headers, "content-length": part.length + 1 }, part, other.port);
  let refused = await send(createModel, headers, Buffer.alloc(20_000, " "), "POST", other.port);
  for (let n = 0; n < 100 && refused.status !== 429; n++)
    refused = await send(createModel, headers, Buffer.alloc(20_000, " "), "POST", other.port);
  expect(refused).toMatchObject({ status: 429, headers: { [reasonHeader]: "BODIES_TOO_MANY", "retry-after": "1" } });
  sending.at(-1)!.end(" ");
  await held;
  for (let status = 0; status !== 400; )
    status = (await send(createModel, headers, Buffer.alloc(20_000, " "), "POST", other.port)).status ?? 0;
  await other.close();
});

const packed = { sendCompression: compressionGzip };

function to(given?: string) {
  return {
    baseUrl: `http://127.0.0.1:${registry.port}`,
    interceptors:
      given === undefined
        ? []
        : [
            (next: (request: never) => Promise<never>) => (request: { header: Headers }) => {
              request.header.set("authorization", `Bearer ${given}`);
              return next(request as never);
            },
          ],
  } as never as { baseUrl: string };
}

/** Methods that take one message. */
function methods() {
  const found: { path: string; method: DescService["methods"][number] }[] = [];
  const service = (described: DescService) => {
    if (described.typeName.startsWith("mintmark."))
      for (const method of described.methods)
        if (method.methodKind === "unary") found.push({ path: `/${described.typeName}/${method.name}`, method });
  };
  addServices({ service } as unknown as ConnectRouter, {} as ServiceDeps);
  return found;
}

const sending: ReturnType<typeof httpRequest>[] = [];

/** The answer to a request whose body, or the rest of it, is still to come. */
async function open(path: string, headers: Record<string, string | number>, begin?: Buffer, port = registry.port) {
  const request = httpRequest({ host: "127.0.0.1", port, method: "POST", path, headers, agent: false });
  sending.push(request);
  request.on("error", () => {});
  request.flushHeaders();
  if (begin !== undefined) request.write(begin);
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  return { request, answer };
}

async function send(
  path: string,
  headers: Record<string, string>,
  body: Buffer,
  method = "POST",
  port = registry.port,
) {
  const request = httpRequest({ host: "127.0.0.1", port, method, path, headers, agent: false });
  request.on("error", () => {});
  const answered = once(request, "response") as Promise<[IncomingMessage]>;
  request.end(body);
  const [answer] = await answered;
  const raw = await text(answer);
  const parsed = /json/.test(answer.headers["content-type"] ?? "") ? JSON.parse(raw) : {};
  return { status: answer.statusCode, headers: answer.headers, raw, body: parsed };
}

/** The answer that a client gets who reads nothing before all of its body is sent. */
async function sendThenRead(path: string, method: string, headers: string, body: Buffer): Promise<string> {
  const socket = connect(registry.port, "127.0.0.1");
  socket.pause();
  socket.write(`${method} ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`);
  await new Promise<void>((resolve, reject) => socket.write(body, (error) => (error ? reject(error) : resolve())));
  const [first] = (await once(socket.resume(), "data")) as [Buffer];
  socket.destroy();
  return first.toString("latin1", 9, 12);
}
