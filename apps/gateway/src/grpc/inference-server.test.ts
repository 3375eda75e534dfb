import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { type AddressInfo, connect, createServer } from "node:net";
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Client, credentials, status } from "@grpc/grpc-js";
import {
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as Status,
} from "@mintmark/proto/grpc/health/v1/health";
import {
  ServerLiveRequestSchema,
  ServerLiveResponseSchema,
  ServerMetadataRequestSchema,
  ServerMetadataResponseSchema,
  ServerReadyRequestSchema,
  ServerReadyResponseSchema,
} from "@mintmark/proto/inference/grpc_service";
import { makeCertificate, needsOpenssl } from "@mintmark/testing/certificate";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type GrpcServer, startInferenceGrpc } from "./inference-server.ts";

const limits = { headersMs: 100, idleMs: 200, stallMs: 150, maxConnections: 50 };

let ready = true;
let server: GrpcServer;
let client: Client;
beforeEach(async () => {
  ready = true;
  server = await startInferenceGrpc({ host: "127.0.0.1", port: 0, limits }, () => ready);
  client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
});
afterEach(async () => {
  client.close();
  await server.close();
});

function codec<I extends DescMessage, O extends DescMessage>(input: I, output: O) {
  return [
    (message: MessageShape<I>) => Buffer.from(toBinary(input, message)),
    (bytes: Buffer) => fromBinary(output, bytes),
  ] as const;
}

function call<I extends DescMessage, O extends DescMessage>(
  path: string,
  input: I,
  output: O,
  message: MessageInitShape<I>,
): Promise<MessageShape<O>> {
  return new Promise((resolve, reject) =>
    client.makeUnaryRequest(path, ...codec(input, output), create(input, message), (error, answer) =>
      error ? reject(error) : resolve(answer!),
    ),
  );
}

const inference = (method: string) => `/inference.GRPCInferenceService/${method}`;
const check = (service: string) =>
  call("/grpc.health.v1.Health/Check", HealthCheckRequestSchema, HealthCheckResponseSchema, { service });
const watch = (service: string) =>
  client.makeServerStreamRequest(
    "/grpc.health.v1.Health/Watch",
    ...codec(HealthCheckRequestSchema, HealthCheckResponseSchema),
    create(HealthCheckRequestSchema, { service }),
  );

describe("the gRPC port", () => {
  it("says what the server is, that it lives, and whether it is ready", async () => {
    const metadata = await call(
      inference("ServerMetadata"),
      ServerMetadataRequestSchema,
      ServerMetadataResponseSchema,
      {},
    );
    expect(metadata).toMatchObject({ name: "mintmark", version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
    ready = false;
    expect(await call(inference("ServerLive"), ServerLiveRequestSchema, ServerLiveResponseSchema, {})).toMatchObject({
      live: true,
    });
    expect(await call(inference("ServerReady"), ServerReadyRequestSchema, ServerReadyResponseSchema, {})).toMatchObject(
      { ready: false },
    );
  });

  it("says that inference is not implemented", async () => {
    const inferred = call(inference("ModelInfer"), ServerLiveRequestSchema, ServerLiveResponseSchema, {});
    await expect(inferred).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
  });

  it.each(["", "inference.GRPCInferenceService"])("checks the health of service '%s'", async (service) => {
    expect(await check(service)).toMatchObject({ status: Status.SERVING });
    ready = false;
    expect(await check(service)).toMatchObject({ status: Status.NOT_SERVING });
  });

  it("does not know the health of another service", async () => {
    await expect(check("x")).rejects.toMatchObject({ code: status.NOT_FOUND });
    const watching = watch("x").on("error", () => {});
    const [first] = await once(watching, "data");
    expect(first).toMatchObject({ status: Status.SERVICE_UNKNOWN });
    watching.cancel();
  });

  it("tells watchers of each change", async () => {
    const watching = watch("").on("error", () => {});
    expect((await once(watching, "data"))[0]).toMatchObject({ status: Status.SERVING });
    ready = false;
    expect((await once(watching, "data"))[0]).toMatchObject({ status: Status.NOT_SERVING });
    watching.cancel();
  });

  it("ends within seconds under a watch that never does", async () => {
    const watching = watch("");
    await once(watching, "data");
    const ended = once(watching, "error");
    await server.close();
    expect((await ended)[0]).toMatchObject({ code: expect.any(Number) });
  });

  it.each([
    ["nothing", ""],
    ["the preface only", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["half of its headers", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x64\x01\0\0\0\0\x01\x83"],
  ])("closes a connection that sends %s, and keeps a watch", async (_, first) => {
    const watching = watch("").on("error", () => {});
    await once(watching, "data");
    const held = Array.from({ length: 60 }, () =>
      connect(server.port, "127.0.0.1")
        .on("error", () => {})
        .resume(),
    );
    await Promise.all(
      held.map((socket) => {
        socket.write(first, "latin1");
        return new Promise<void>((resolve) => socket.once("close", () => resolve()));
      }),
    );
    ready = false;
    expect((await once(watching, "data"))[0]).toMatchObject({ status: Status.NOT_SERVING });
    watching.cancel();
  });

  it("closes an idle connection, and ends a call whose message does not come", async () => {
    const session = connectHttp2(`http://127.0.0.1:${server.port}`);
    const closed = once(session, "close");
    const stream = session.request({
      ":method": "POST",
      ":path": inference("ServerLive"),
      "content-type": "application/grpc",
      te: "trailers",
    });
    const [answer] = await once(stream.resume(), "response");
    expect([answer["grpc-status"], answer["grpc-message"]]).toEqual(["4", expect.stringContaining("within")]);
    const begin = performance.now();
    await closed;
    expect(performance.now() - begin).toBeLessThan(3_000);
  });

  it.runIf(needsOpenssl())("speaks TLS with a certificate", async () => {
    const { cert, key, remove } = makeCertificate("DNS:localhost");
    const tls = { cert: Buffer.from(cert), key: Buffer.from(key) };
    const safe = await startInferenceGrpc({ host: "127.0.0.1", port: 0, limits, tls }, () => true);
    client.close();
    client = new Client(`localhost:${safe.port}`, credentials.createSsl(tls.cert));
    expect(await check("")).toMatchObject({ status: Status.SERVING });
    const held = connect(safe.port, "127.0.0.1").on("error", () => {});
    await once(held.resume(), "close");
    client.close();
    await safe.close();
    remove();
  });

  it("names the port that is taken, and says nothing by itself", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    await expect(startInferenceGrpc({ host: "127.0.0.1", port, limits }, () => true)).rejects.toMatchObject({
      code: "EADDRINUSE",
      port,
    });
    other.close();
  });
});
