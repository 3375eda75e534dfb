/**
 * The gRPC port: health, and what the server is. (Inference over it comes with the Open Inference Protocol.)
 * @module
 */
import { create, type DescMethod, type DescService, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  status as grpcStatus,
  logVerbosity,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type ServiceDefinition,
  setLogVerbosity,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import {
  Health,
  type HealthCheckRequest,
  type HealthCheckResponse,
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

/** @throws Error with `port` and the system's code (`EADDRINUSE` …) if the port cannot be had */
export async function startInferenceGrpc(
  { host, port }: { host: string; port: number },
  isReady: () => boolean,
): Promise<GrpcServer> {
  // It would write to stderr by itself what its errors say as well.
  setLogVerbosity(logVerbosity.NONE);
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
      (error, actual) => (error ? reject(cannotBind(error, port)) : resolve(actual)),
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

/** https://github.com/grpc/grpc/blob/master/doc/health-checking.md */
function healthService(isReady: () => boolean): UntypedServiceImplementation {
  const known = new Set(["", GRPCInferenceService.typeName]);
  const statusOf = (service: string) => {
    if (!known.has(service)) return HealthCheckResponse_ServingStatus.SERVICE_UNKNOWN;
    return isReady() ? HealthCheckResponse_ServingStatus.SERVING : HealthCheckResponse_ServingStatus.NOT_SERVING;
  };
  return {
    check: ({ request }: { request: HealthCheckRequest }, done: (error: object | null, response?: object) => void) => {
      if (known.has(request.service))
        done(null, create(HealthCheckResponseSchema, { status: statusOf(request.service) }));
      else done({ code: grpcStatus.NOT_FOUND, details: `there is no service '${request.service}' here` });
    },
    watch: (call: ServerWritableStream<HealthCheckRequest, HealthCheckResponse>) => {
      let last: HealthCheckResponse_ServingStatus | undefined;
      const tell = () => {
        const status = statusOf(call.request.service);
        if (status !== last) call.write(create(HealthCheckResponseSchema, { status }));
        last = status;
      };
      tell();
      const timer = setInterval(tell, watchMs);
      call.on("cancelled", () => clearInterval(timer));
    },
  };
}

/** grpc-js tells the system's code only in words: "No address added out of total 1 resolved … bind EADDRINUSE 127.0.0.1:1". */
function cannotBind(error: Error, port: number): Error {
  const code = /\bE[A-Z]{3,}\b/.exec(error.message)?.[0] ?? "EADDRINUSE";
  return Object.assign(error, { code, port });
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
