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
  ServerInterceptingCall,
  type ServerInterceptor,
  type ServerWritableStream,
  type ServiceDefinition,
  setLogVerbosity,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { listenGuarded, type PortOptions } from "@mintmark/http-edge/guarded-port";
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
export async function startInferenceGrpc(options: PortOptions, isReady: () => boolean): Promise<GrpcServer> {
  const { idleMs, stallMs } = options.limits;
  // It would write to stderr by itself what its errors say as well.
  setLogVerbosity(logVerbosity.NONE);
  const server = new Server({
    "grpc.max_connection_idle_ms": idleMs,
    "grpc.max_concurrent_streams": 100,
    "grpc.max_metadata_size": 8 * 1024,
    interceptors: [watchCalls((peer) => port.guard.began(peer), stallMs)],
  });
  server.addService(definitionOf(GRPCInferenceService), {
    serverLive: unary(() => create(ServerLiveResponseSchema, { live: true })),
    serverReady: unary(() => create(ServerReadyResponseSchema, { ready: isReady() })),
    serverMetadata: unary(() => create(ServerMetadataResponseSchema, { name: "mintmark", version: mintmarkVersion })),
  });
  server.addService(definitionOf(Health), healthService(isReady));
  // It has no limit of its own to connections that never make a call, so a guarded port gives it those.
  const connections = server.createConnectionInjector(ServerCredentials.createInsecure());
  const port = await listenGuarded(options, (socket) => connections.injectConnection(socket));
  return {
    port: port.port,
    close: async () => {
      const closed = port.close();
      // Health watches never end by themselves.
      const force = setTimeout(() => {
        server.forceShutdown();
        port.guard.destroyAll();
      }, 1_000);
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      await closed;
      clearTimeout(force);
    },
  };
}

/** Tells of each call's begin and end, and ends one whose message does not come. */
function watchCalls(began: (peer: string) => () => void, stallMs: number): ServerInterceptor {
  return (_, call) => {
    const ended = began(call.getPeer());
    const late = setTimeout(() => {
      const details = `the message of a call has to arrive within ${stallMs / 1000} s`;
      call.sendStatus({ code: grpcStatus.DEADLINE_EXCEEDED, details, metadata: null });
      ended();
    }, stallMs).unref();
    const end = () => {
      clearTimeout(late);
      ended();
    };
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveHalfClose: (go) => {
            clearTimeout(late);
            go();
          },
          onCancel: end,
        }),
      sendStatus: (status, next) => {
        end();
        next(status);
      },
    });
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
