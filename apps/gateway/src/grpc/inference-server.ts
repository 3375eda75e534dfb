/**
 * The gRPC port: health, and what the server is. (Inference over it comes with the Open Inference Protocol.)
 * @module
 */
import {
  create,
  type DescMethod,
  type DescService,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import {
  status as grpcStatus,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import {
  Health,
  type HealthCheckRequest,
  HealthCheckResponse_ServingStatus,
  HealthCheckResponseSchema,
} from "@mintmark/proto/grpc/health/v1/health";
import {
  GRPCInferenceService,
  ServerLiveResponseSchema,
  ServerMetadataResponseSchema,
  ServerReadyResponseSchema,
} from "@mintmark/proto/inference/grpc_service";
import { mintmarkVersion } from "../versions.ts";

export interface GrpcServer {
  readonly port: number;
  readonly close: () => Promise<void>;
}

const watchMs = 1_000;

/** @throws Error if the port cannot be had. */
export async function startInferenceGrpc(
  { host, port }: { host: string; port: number },
  isReady: () => boolean,
): Promise<GrpcServer> {
  const server = new Server();
  server.addService(definitionOf(GRPCInferenceService), {
    serverLive: unary(() => create(ServerLiveResponseSchema, { live: true })),
    serverReady: unary(() => create(ServerReadyResponseSchema, { ready: isReady() })),
    serverMetadata: unary(() => create(ServerMetadataResponseSchema, { name: "mintmark", version: mintmarkVersion })),
  });
  server.addService(definitionOf(Health), healthService(isReady));
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(
      `${host.includes(":") ? `[${host}]` : host}:${port}`,
      ServerCredentials.createInsecure(),
      (error, actual) => (error ? reject(Object.assign(error, { code: "EADDRINUSE", port })) : resolve(actual)),
    );
  });
  return {
    port: bound,
    close: () =>
      new Promise((resolve) => {
        // Health watches never end by themselves.
        const force = setTimeout(() => server.forceShutdown(), 1_000);
        server.tryShutdown(() => {
          clearTimeout(force);
          resolve();
        });
      }),
  };
}

function healthService(isReady: () => boolean): UntypedServiceImplementation {
  const known = new Set(["", GRPCInferenceService.typeName]);
  const statusNow = (): MessageInitShape<typeof HealthCheckResponseSchema> => ({
    status: isReady() ? HealthCheckResponse_ServingStatus.SERVING : HealthCheckResponse_ServingStatus.NOT_SERVING,
  });
  return {
    check: (call: { request: HealthCheckRequest }, done: (error: object | null, response?: object) => void) => {
      if (known.has(call.request.service)) done(null, create(HealthCheckResponseSchema, statusNow()));
      else done({ code: grpcStatus.NOT_FOUND, details: `there is no service '${call.request.service}' here` });
    },
    watch: (call: { write: (message: object) => void; on: (event: string, listener: () => void) => void }) => {
      let last: unknown;
      const tell = () => {
        const now = statusNow();
        if (now.status === last) return;
        last = now.status;
        call.write(create(HealthCheckResponseSchema, now));
      };
      tell();
      const timer = setInterval(tell, watchMs);
      call.on("cancelled", () => clearInterval(timer));
    },
  };
}

function unary(answer: () => object) {
  return (_call: unknown, done: (error: null, response: object) => void) => done(null, answer());
}

/** grpc-js's form of a generated service. */
function definitionOf(service: DescService): ServiceDefinition {
  return Object.fromEntries(service.methods.map((method) => [method.localName, methodOf(service, method)]));
}

function methodOf(service: DescService, method: DescMethod) {
  return {
    path: `/${service.typeName}/${method.name}`,
    requestStream: method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming",
    responseStream: method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
    requestSerialize: (message: Parameters<typeof toBinary>[1]) => Buffer.from(toBinary(method.input, message)),
    requestDeserialize: (bytes: Buffer) => fromBinary(method.input, bytes),
    responseSerialize: (message: Parameters<typeof toBinary>[1]) => Buffer.from(toBinary(method.output, message)),
    responseDeserialize: (bytes: Buffer) => fromBinary(method.output, bytes),
  };
}
