import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { create, type DescMessage, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import {
  Health,
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus,
} from "@mintmark/proto/grpc/health/v1/health";
import { ServerReflection, type ServerReflectionRequestSchema } from "@mintmark/proto/grpc/reflection/v1/reflection";
import { ServerReflection as AlphaReflection } from "@mintmark/proto/grpc/reflection/v1alpha/reflection";
import {
  ArtifactService,
  DownloadBlobRequestSchema,
  UploadBlobRequestSchema,
} from "@mintmark/proto/mintmark/registry/v1/artifact_service";
import { EventService, WatchRequestSchema } from "@mintmark/proto/mintmark/registry/v1/event_service";
import {
  CreateModelRequestSchema,
  GetModelRequestSchema,
  ModelService,
} from "@mintmark/proto/mintmark/registry/v1/model_service";
import { connectRegistry } from "@mintmark/registry-client";
import type { TestDatabase } from "@mintmark/testing/postgres";
import { testDatabase } from "@mintmark/testing/postgres";
import pino from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Registry, type RegistryOptions, startRegistry } from "./server.ts";
import { describe as describeFile } from "./testing/artifact.ts";
import { failureOf } from "./testing/failure.ts";
import { type GrpcClient, grpcClient } from "./testing/grpc-client.ts";
import { writeKeys } from "./testing/registry.ts";

let directory: string;
let database: TestDatabase;
let registry: Registry;
let options: RegistryOptions;
let address: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "mintmark-server-"));
  database = await testDatabase();
  await writeKeys(join(directory, "keys"));
  options = {
    databaseUrl: database.url,
    queueUrl: undefined,
    artifactStore: pathToFileURL(join(directory, "store")).href,
    keyDir: join(directory, "keys"),
    host: "127.0.0.1",
    port: 0,
    auth: false,
    ownNames: ["127.0.0.1", "localhost"],
    adminTokenFile: undefined,
    serviceTokens: "",
    log: pino({ level: "silent" }),
  };
  registry = await startRegistry(options);
  address = `127.0.0.1:${registry.port}`;
});
afterAll(async () => {
  await registry.close();
  await database.drop();
  await rm(directory, { recursive: true });
});

describe("with an independent gRPC client", () => {
  it("a unary call gets its answer", async () => {
    const client = grpcClient(ModelService, address);
    const { model } = await unary<{ model: { name: string } }>(client, "createModel", CreateModelRequestSchema, {
      name: "grpc",
    });
    expect(model.name).toBe("grpc");
    client.close();
  });

  it("a failure has its code, its message and its reason in the trailers", async () => {
    const client = grpcClient(ModelService, address);
    const error = await unary(client, "getModel", GetModelRequestSchema, { name: "nope" }).catch(
      (thrown: ServiceError) => thrown,
    );
    expect(error).toMatchObject({ code: status.NOT_FOUND, details: "there is no model 'nope'" });
    expect((error as ServiceError).metadata.get("mintmark-reason")).toEqual(["MODEL_NOT_FOUND"]);
    client.close();
  });

  it("streams of bytes go up and down whole", async () => {
    const client = grpcClient(ArtifactService, address);
    const bytes = randomBytes(3_000_000);
    const { blake3, sha256, size } = describeFile("x", bytes);
    await new Promise<void>((resolve, reject) => {
      const call = client["uploadBlob"]!((error: ServiceError | null) => (error === null ? resolve() : reject(error)));
      const description = { blake3, sha256, size: BigInt(size) };
      call.write(create(UploadBlobRequestSchema, { part: { case: "description", value: description } }));
      for (let begin = 0; begin < size; begin += 500_000)
        call.write(
          create(UploadBlobRequestSchema, { part: { case: "chunk", value: bytes.subarray(begin, begin + 500_000) } }),
        );
      call.end();
    });
    const chunks: Uint8Array[] = [];
    for await (const { chunk } of client["downloadBlob"]!(create(DownloadBlobRequestSchema, { blake3 })))
      chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    client.close();
  });

  it("a watch sends what is there, what comes, and a sign of life, and ends at its deadline", async () => {
    const client = grpcClient(EventService, address);
    const models = connectRegistry({ baseUrl: `http://${address}`, httpVersion: "2" });
    const deadline = new Date(Date.now() + 3_500);
    const call = client["watch"]!(create(WatchRequestSchema, { after: 0n }), new Metadata(), { deadline });
    const batches: { events: { number: bigint; model: string }[]; head: bigint }[] = [];
    const ended = new Promise<ServiceError>((resolve) => call.on("error", resolve));
    call.on("data", (batch: (typeof batches)[number]) => batches.push(batch));
    await sleep(300);
    await models.models.createModel({ name: "watched" });
    expect((await ended).code).toBe(status.DEADLINE_EXCEEDED);
    const numbers = batches.flatMap(({ events }) => events.map(({ number }) => number));
    expect(numbers).toEqual(numbers.map((_, index) => BigInt(index + 1)));
    expect(batches.flatMap(({ events }) => events.map(({ model }) => model))).toContain("watched");
    expect(batches.at(-1)?.events).toEqual([]);
    models.close();
    client.close();
  });

  it("health tells the server and each service, and refuses what it does not know", async () => {
    const client = grpcClient(Health, address);
    for (const service of ["", ModelService.typeName])
      expect(await unary(client, "check", HealthCheckRequestSchema, { service })).toMatchObject({
        status: HealthCheckResponse_ServingStatus.SERVING,
      });
    const error = await unary(client, "check", HealthCheckRequestSchema, { service: "nope" }).catch(
      (thrown: ServiceError) => thrown,
    );
    expect((error as ServiceError).code).toBe(status.NOT_FOUND);
    client.close();
  });

  it.each([
    ["v1", ServerReflection],
    ["v1alpha", AlphaReflection],
  ])("reflection %s lists the services and gives the files of a symbol", async (_, service) => {
    const client = grpcClient(service, address);
    const call = client["serverReflectionInfo"]!();
    const answers: { messageResponse: { case: string; value: never } }[] = [];
    const ended = new Promise<void>((resolve, reject) => call.on("end", resolve).on("error", reject));
    call.on("data", (answer: (typeof answers)[number]) => answers.push(answer));
    const ask = (messageRequest: MessageInitShape<typeof ServerReflectionRequestSchema>["messageRequest"]) =>
      call.write(
        create(service.method.serverReflectionInfo.input, messageRequest === undefined ? {} : { messageRequest }),
      );
    ask({ case: "listServices", value: "" });
    ask({ case: "fileContainingSymbol", value: "mintmark.registry.v1.ModelService.CreateModel" });
    ask({ case: "fileByFilename", value: "nope.proto" });
    call.end();
    await ended;
    const [list, file, missing] = answers.map(({ messageResponse }) => messageResponse.value);
    const { service: names } = list as unknown as { service: { name: string }[] };
    expect(names.map(({ name }) => name)).toContain("mintmark.training.v1.JobService");
    const { fileDescriptorProto } = file as unknown as { fileDescriptorProto: Uint8Array[] };
    const files = fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
    expect(files[0]).toBe("mintmark/registry/v1/model_service.proto");
    expect(files).toContain("google/protobuf/timestamp.proto");
    expect(missing).toMatchObject({ errorCode: status.NOT_FOUND });
    client.close();
  });
});

describe("on one port", () => {
  it("Connect over HTTP/1.1 and HTTP/2 and gRPC-Web all work", async () => {
    const baseUrl = `http://${address}`;
    for (const transport of [
      createConnectTransport({ baseUrl, httpVersion: "1.1" }),
      createConnectTransport({ baseUrl, httpVersion: "2" }),
      createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
    ]) {
      const { models } = await createClient(ModelService, transport).listModels({});
      expect(models.length).toBeGreaterThan(0);
    }
  });

  it("JSON that is not Unicode is refused, not changed", async () => {
    const create = (name: Buffer) =>
      fetch(`http://${address}/mintmark.registry.v1.ModelService/CreateModel`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: Buffer.concat([Buffer.from('{"unknown":1,"name":"json'), name, Buffer.from('"}')]),
      });
    for (const name of [Buffer.from([0xff]), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from("\\ud800")])
      expect((await create(name)).status, String(name)).toBe(400);
    expect((await create(Buffer.from("\u00e9\ufffd"))).status).toBe(200);
  });

  it("a first packet of one byte is no problem", async () => {
    const socket = connectTcp(registry.port, "127.0.0.1");
    const text = new Promise<string>((resolve) => socket.once("data", (chunk) => resolve(String(chunk))));
    socket.setNoDelay(true);
    const request = `GET /v1/blobs/${"0".repeat(64)} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
    for (const byte of request) {
      socket.write(byte);
      if (request.indexOf(byte) < 3) await sleep(10);
    }
    expect(await text).toMatch(/^HTTP\/1.1 404 /);
    socket.destroy();
  });

  it("a foreign Host or Origin is refused with 403, over both protocols", async () => {
    const path = "/mintmark.registry.v1.ModelService/ListModels";
    const post = (headers: Record<string, string>) =>
      http("POST", path, { "content-type": "application/json", ...headers }, "{}");
    expect((await post({})).status).toBe(200);
    expect(await post({ host: "evil.example" })).toMatchObject({
      status: 403,
      text: expect.stringContaining("ORIGIN_REFUSED"),
    });
    expect(await post({ origin: "http://evil.example" })).toMatchObject({ status: 403 });
    const session = connectHttp2(`http://${address}`);
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      ":authority": "evil.example",
      "content-type": "application/json",
    });
    const answer = await new Promise<unknown>((resolve) =>
      stream.once("response", (headers) => resolve(headers[":status"])),
    );
    expect(answer).toBe(403);
    session.destroy();
  });
});

describe("a connection that asks for nothing", () => {
  it.each([
    ["half of its headers", "GET / HTTP/1.1\r\nX: "],
    ["nothing", ""],
    ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ])("is closed where it sends %s, and a watch beside it stays", async (_, first) => {
    const connectionLimits = { headersMs: 100, idleMs: 100, stallMs: 100, maxConnections: 50 };
    const other = await startRegistry({ ...options, connectionLimits });
    const client = connectRegistry({ baseUrl: `http://127.0.0.1:${other.port}`, httpVersion: "2" });
    const watch = client.events.watch({})[Symbol.asyncIterator]();
    await watch.next();
    const held = Array.from({ length: 60 }, () => connectTcp(other.port, "127.0.0.1").on("error", () => {}));
    await Promise.all(
      held.map(async (socket) => {
        const closed = new Promise<void>((resolve) => socket.resume().once("close", () => resolve()));
        socket.write(first);
        await closed;
      }),
    );
    expect((await watch.next()).done).toBe(false);
    client.close();
    await other.close();
  });
});

describe("bulk bytes", () => {
  const bytes = randomBytes(100_000);
  const { blake3, sha256, size } = describeFile("x", bytes);
  const path = `/v1/blobs/${blake3}`;
  const about = { "x-mintmark-sha256": sha256, "x-mintmark-size": String(size) };

  it("are not there before they are put, and say where an upload may go on", async () => {
    expect(await http("HEAD", path)).toMatchObject({ status: 404, headers: { "x-mintmark-received": "0" } });
  });

  it("go on after a connection that broke", async () => {
    await new Promise<void>((resolve) => {
      const request = httpRequest({
        host: "127.0.0.1",
        port: registry.port,
        method: "PUT",
        path,
        headers: { ...about, "content-length": size },
      });
      request.on("error", () => resolve());
      request.write(bytes.subarray(0, 70_000), () => setTimeout(() => request.destroy(), 200));
    });
    let received = 0;
    for (let i = 0; i < 50 && received === 0; i++) {
      await sleep(50);
      received = Number((await http("HEAD", path)).headers["x-mintmark-received"]);
    }
    expect(received).toBe(70_000);
    const rest = await http("PUT", path, { ...about, "x-mintmark-offset": "70000" }, bytes.subarray(70_000));
    expect(rest.status).toBe(201);
    const client = connectRegistry({ baseUrl: `http://${address}`, httpVersion: "2" });
    expect(await client.artifacts.findMissingBlobs({ blake3: [blake3, "0".repeat(64)] })).toMatchObject({
      blake3: ["0".repeat(64)],
    });
    expect(await client.artifacts.getUpload({ blake3 })).toMatchObject({ complete: true, receivedBytes: BigInt(size) });
    client.close();
  });

  it("come back whole and in ranges", async () => {
    const whole = await http("GET", path);
    expect(whole.status).toBe(200);
    expect(whole.bytes.equals(bytes)).toBe(true);
    for (const [range, begin, end] of [
      ["bytes=10-19", 10, 20],
      ["bytes=99990-", 99_990, 100_000],
      ["bytes=-5", 99_995, 100_000],
      ["bytes=99990-200000", 99_990, 100_000],
    ] as const) {
      const part = await http("GET", path, { range });
      expect(part).toMatchObject({ status: 206, headers: { "content-range": `bytes ${begin}-${end - 1}/100000` } });
      expect(part.bytes.equals(bytes.subarray(begin, end))).toBe(true);
    }
    expect(await http("GET", path, { range: "bytes=100000-" })).toMatchObject({ status: 416 });
    expect(await http("GET", path, { range: "bytes=5-2" })).toMatchObject({ status: 200 });
    expect(await http("HEAD", path)).toMatchObject({ status: 200, headers: { "content-length": "100000" } });
  });

  it("that are not what was stated are refused and discarded", async () => {
    const other = describeFile("x", randomBytes(10));
    const refused = await http(
      "PUT",
      `/v1/blobs/${other.blake3}`,
      { ...about, "x-mintmark-size": "10" },
      randomBytes(10),
    );
    expect(refused.text).toContain("BLOB_DIGEST_MISMATCH");
    expect((await http("GET", `/v1/blobs/${other.blake3}`)).status).toBe(404);
  });

  it.each([
    ["PUT", "/v1/blobs/short", 400],
    ["PUT", path.slice(0, -1), 400],
    ["GET", "/v1/blobs/../../etc/passwd", 400],
    ["POST", path, 405],
  ])("%s %s gives %i", async (method, where, expected) => {
    expect((await http(method, where)).status).toBe(expected);
  });
});

describe("with authentication", () => {
  it("the first start writes an administrator's token that only its owner can read, and the next keeps it", async () => {
    const adminTokenFile = join(directory, "admin.token");
    const start = () =>
      startRegistry({
        ...options,
        auth: true,
        adminTokenFile,
        serviceTokens: `gateway=mm_${"a".repeat(16)}_${"b".repeat(64)}`,
      });
    const first = await start();
    const token = (await readFile(adminTokenFile, "utf8")).trim();
    expect((await stat(adminTokenFile)).mode & 0o777).toBe(0o600);
    const connect = (given: string | undefined) =>
      connectRegistry({ baseUrl: `http://127.0.0.1:${first.port}`, token: given, httpVersion: "2" });

    const admin = connect(token);
    expect((await admin.tokens.getCaller({})).caller).toMatchObject({ name: "admin", role: "admin" });
    const gateway = connect(`mm_${"a".repeat(16)}_${"b".repeat(64)}`);
    expect((await gateway.tokens.getCaller({})).caller?.name).toBe("gateway");
    for (const wrong of [undefined, "mm_x", `mm_${"a".repeat(16)}_${"c".repeat(64)}`, token.slice(0, -1)]) {
      const client = connect(wrong);
      expect(await failureOf(client.models.listModels({}))).toMatchObject({
        code: "Unauthenticated",
        reason: wrong === undefined ? "TOKEN_MISSING" : "TOKEN_INVALID",
      });
      client.close();
    }

    const created = await admin.tokens.createToken({ name: "ci" });
    const ci = connect(created.secret);
    expect((await ci.tokens.getCaller({})).caller?.name).toBe("ci");
    await admin.tokens.revokeToken({ id: created.token!.id });
    expect(await failureOf(ci.models.listModels({}))).toMatchObject({ reason: "TOKEN_INVALID" });
    const stored = await database.pool.query("select * from mintmark.token");
    expect(JSON.stringify(stored.rows)).not.toContain(created.secret.split("_")[2]);

    const basic = Buffer.from(`anyone:${token}`).toString("base64");
    const blob = (authorization?: string) =>
      http(
        "GET",
        `/v1/blobs/${"0".repeat(64)}`,
        authorization === undefined ? {} : { authorization },
        undefined,
        first.port,
      );
    expect([
      (await blob()).status,
      (await blob(`Basic ${basic}`)).status,
      (await blob(`Bearer ${token}`)).status,
    ]).toEqual([401, 404, 404]);
    const health = grpcClient(Health, `127.0.0.1:${first.port}`);
    await unary(health, "check", HealthCheckRequestSchema, {});
    health.close();
    for (const client of [admin, gateway, ci]) client.close();
    await first.close();

    const second = await start();
    expect((await readFile(adminTokenFile, "utf8")).trim()).toBe(token);
    await second.close();
  });
});

describe("when the database goes away", () => {
  it("calls fail as unavailable or go through, and the watch goes on, after its connections were cut", async () => {
    const client = connectRegistry({ baseUrl: `http://${address}`, httpVersion: "2" });
    const ended = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { events } of client.events.watch({}, { signal: ended.signal }))
        seen.push(...events.map(({ model }) => model));
    })().catch(() => {});
    await sleep(200);
    await database.pool.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'mintmark-registry'",
    );
    const errors: string[] = [];
    for (let i = 0; i < 50; i++) {
      const done = await client.models.createModel({ name: `after-cut-${i}` }).then(
        () => true,
        (error: { code: number }) => {
          errors.push(String(error.code));
          return false;
        },
      );
      if (done) break;
      await sleep(50);
    }
    expect(errors.filter((code) => code !== String(Code.Unavailable))).toEqual([]);
    for (let i = 0; i < 100 && seen.length === 0; i++) await sleep(50);
    expect(seen[0]).toMatch(/^after-cut-/);
    // Woken, not found by the look every two seconds: right after one look, the next is far.
    const begin = performance.now();
    await client.models.createModel({ name: "woken" });
    while (!seen.includes("woken")) await sleep(10);
    expect(performance.now() - begin).toBeLessThan(1_500);
    ended.abort();
    await watching;
    client.close();
  });
});

it("an outage of the database is logged as one, and nothing as unexpected", async () => {
  const lines: { level: number; msg: string }[] = [];
  const log = pino({ level: "warn" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const other = await testDatabase();
  const registry = await startRegistry({ ...options, databaseUrl: other.url, log });
  const client = connectRegistry({ baseUrl: `http://127.0.0.1:${registry.port}`, httpVersion: "2" });
  await client.models.listModels({});
  // It lets nobody in any more, and ends who is in.
  await database.pool.query(`alter database "${new URL(other.url).pathname.slice(1)}" allow_connections false`);
  await database.pool.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [
    new URL(other.url).pathname.slice(1),
  ]);
  for (let n = 0; n < 20; n++) await client.models.listModels({}).catch(() => {});
  expect(lines.filter(({ level }) => level >= 50)).toEqual([]);
  expect(lines.map(({ msg }) => msg)).toContain("the database cannot be reached; calls fail until it is back");
  client.close();
  await registry.close();
  await other.drop();
});

describe("closing", () => {
  it("ends watches and idle connections at once, and lets a call under way finish", async () => {
    const other = await startRegistry(options);
    const client = connectRegistry({ baseUrl: `http://127.0.0.1:${other.port}`, httpVersion: "2" });
    const watch = (async () => {
      for await (const _ of client.events.watch({}));
    })().catch(() => {});
    await client.models.listModels({});
    await sleep(100);
    const begin = performance.now();
    const call = client.models.createModel({ name: "at-the-end" });
    await sleep(1);
    await other.close();
    expect((await call).model?.name).toBe("at-the-end");
    await watch;
    expect(performance.now() - begin).toBeLessThan(3_000);
    client.close();
  });

  it("frees the port, and a port that is taken is said to be", async () => {
    await expect(startRegistry({ ...options, port: registry.port })).rejects.toMatchObject({
      code: "EADDRINUSE",
      port: registry.port,
    });
    const once = await startRegistry(options);
    await once.close();
    const again = await startRegistry({ ...options, port: once.port });
    await again.close();
  });
});

it("says in one line which database cannot be reached, without its password", async () => {
  const databaseUrl = "postgres://me:secret@127.0.0.1:1/none";
  await expect(startRegistry({ ...options, databaseUrl })).rejects.toMatchObject({
    reason: "DATABASE_UNREACHABLE",
    message: expect.not.stringContaining("secret"),
  });
  const missing = database.url.replace(/[^/]+$/, "nope");
  await expect(startRegistry({ ...options, databaseUrl: missing })).rejects.toMatchObject({
    reason: "DATABASE_UNREACHABLE",
  });
});

function unary<T>(client: GrpcClient, method: string, schema: DescMessage, request: object): Promise<T> {
  return new Promise((resolve, reject) => {
    client[method]!(create(schema, request as never), (error: ServiceError | null, answer: T) =>
      error === null ? resolve(answer) : reject(error),
    );
  });
}

interface HttpAnswer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly bytes: Buffer;
  readonly text: string;
}

function http(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: Buffer | string,
  port = registry.port,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port, method, path, headers, agent: false }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const bytes = Buffer.concat(chunks);
      resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, text: String(bytes) });
    });
    request.on("error", reject);
    request.end(body);
  });
}
