/**
 * The gateway: one HTTP port for resolving, predicting and the native API, and one gRPC port.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { AppError } from "@mintmark/errors";
import { connectRegistry, reasonHeader } from "@mintmark/registry-client";
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { type Access, openAccess, tokenAccess } from "./access.ts";
import { startInferenceGrpc } from "./grpc/inference-server.ts";
import { errorBody, httpFailure } from "./http-error.ts";
import { gatewayMetrics, type Metrics } from "./metrics.ts";
import { isCall, isNative, type PassThrough, passThrough } from "./native/pass-through.ts";
import { isResolve, type ResolveRoute, resolveRoute } from "./resolve-route.ts";
import { loadPredictorOf } from "./scoring/load-predictor.ts";
import { scoringRoutes } from "./scoring/scoring-routes.ts";
import { type ServedModels, serveModels } from "./scoring/served-models.ts";
import { mintmarkVersion, mlflowVersion } from "./versions.ts";
import { type Freshness, openView, type View } from "./view/view.ts";

export interface GatewayOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly grpcPort: number;
  readonly registryUrl: string;
  /** The gateway's own token, where the registry wants one. */
  readonly token: string | undefined;
  /** Whether callers need a token of their own. */
  readonly auth: boolean;
  /** In its `trusted/` are the public keys by which models are verified before they are served. */
  readonly keyDir: string;
  /** Names, besides loopback's, under which the gateway may be addressed. */
  readonly ownHosts: readonly string[];
  readonly freshness: Freshness;
  readonly log: Logger;
}

export interface Gateway {
  readonly port: number;
  readonly grpcPort: number;
  /** Answers what has begun, then ends. */
  readonly close: () => Promise<void>;
}

/** Settings of the view that hold unless the operator says otherwise. */
export const defaultFreshness: Freshness = { staleAfterMs: 5_000, refuseAfterMs: 300_000 };

/** @throws Error with code EADDRINUSE or EACCES if a port cannot be had. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { log } = options;
  const registry = connectRegistry({ baseUrl: options.registryUrl, token: options.token, httpVersion: "2" });
  const access = options.auth
    ? tokenAccess((token) => askAboutToken(options.registryUrl, token))
    : openAccess([options.host, ...options.ownHosts]);
  // The models need the view to resolve, and the view tells the models what has changed.
  const models: ServedModels = serveModels({
    resolve: (uri) => view.resolve(uri),
    load: loadPredictorOf(registry, options.keyDir),
    log,
  });
  const view: View = openView(registry, options.freshness, [access, models], log);
  const metrics = gatewayMetrics({
    rememberedNames: view.size,
    loadedModels: models.loaded,
    registrySilenceSeconds: () => view.silence() / 1000,
    lastEvent: () => Number(view.head()),
  });
  const native = passThrough(options.registryUrl, async (event) => {
    await view.reached(event);
    await Promise.race([models.settled(), new Promise((resolve) => setTimeout(resolve, 5_000).unref())]);
  });
  const app = await router({ access, view, models, metrics, log, native, resolve: resolveRoute(view) });
  await app.listen({ host: options.host, port: options.port });
  const grpc = await startInferenceGrpc({ host: options.host, port: options.grpcPort }, () => !view.isTooOld());
  return {
    port: (app.server.address() as AddressInfo).port,
    grpcPort: grpc.port,
    close: async () => {
      await Promise.all([app.close(), grpc.close()]);
      await view.close();
      native.close();
      registry.close();
    },
  };
}

interface Parts {
  readonly access: Access;
  readonly view: View;
  readonly models: ServedModels;
  readonly metrics: Metrics;
  readonly native: PassThrough;
  readonly resolve: ResolveRoute;
  readonly log: Logger;
}

/** Paths that answer without a token: they say that the gateway lives, and nothing else. */
const openPaths = new Set(["/health", "/ready", "/version"]);

async function router(parts: Parts): Promise<FastifyInstance> {
  const { access, view, models, metrics } = parts;
  const app = Fastify({
    loggerInstance: parts.log as FastifyBaseLogger,
    disableRequestLogging: true,
    forceCloseConnections: "idle",
    serverFactory: (handler) => frontServer(parts, handler),
  });
  app.addHook("onRequest", async (request) => {
    if (!openPaths.has(request.url.split("?", 1)[0]!)) await access.check(request.headers);
  });
  app.addHook("onResponse", async (request, reply) => {
    metrics.countRequest(request.routeOptions.url ?? "unknown", reply.raw.statusCode, reply.elapsedTime / 1000);
  });
  app.setErrorHandler((error, request, reply) => {
    const failure = httpFailure(error);
    if (failure.status === 500) request.log.error({ err: error }, "request failed");
    return reply.code(failure.status).type("application/json").send(errorBody(failure));
  });
  app.setNotFoundHandler((request) => {
    throw new AppError("ROUTE_NOT_FOUND", { method: request.method, path: request.url });
  });
  app.get("/health", async (_, reply) => reply.type("text/plain").send("OK"));
  app.get("/ready", async (_, reply) => {
    if (view.silence() === Number.POSITIVE_INFINITY || view.isTooOld())
      return reply.code(503).type("text/plain").send("the registry has not been heard of");
    return reply.type("text/plain").send("OK");
  });
  app.get("/version", async (_, reply) => reply.type("text/plain").send(mlflowVersion));
  app.get("/v1/info", async () => ({ name: "mintmark", version: mintmarkVersion, mlflow_version: mlflowVersion }));
  app.get("/metrics", async (_, reply) => {
    const { contentType, text } = await metrics.render();
    return reply.header("content-type", contentType).send(text);
  });
  await app.register((scope) => scoringRoutes(scope, models));
  return app;
}

/** What must not pay for a framework is answered in front of it: resolves, and what only passes through. */
function frontServer(
  { access, metrics, native, resolve, log }: Parts,
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const fail = (request: IncomingMessage, response: ServerResponse, error: unknown) => {
    const failure = httpFailure(error);
    if (failure.status === 500) log.error({ err: error }, "request failed");
    if (response.headersSent) {
      response.destroy();
      return;
    }
    // A call reads its failure in the form of Connect, which has the reason beside it.
    const { code, message, reason } = failure;
    const body = isCall(request.url!) ? JSON.stringify({ code, message }) : errorBody(failure);
    response.writeHead(failure.status, {
      "content-type": "application/json",
      [reasonHeader]: reason,
      "content-length": Buffer.byteLength(body),
    });
    response.end(body);
  };
  const allowed = async (request: IncomingMessage) => access.check(request.headers);
  return createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    const url = request.url!;
    if (request.method === "GET" && isResolve(url)) {
      if (access.known(request.headers) && resolve.answerFromMemory(request, response)) {
        metrics.countResolve(true);
        return;
      }
      metrics.countResolve(false);
      allowed(request)
        .then(() => resolve.answer(request, response))
        .catch((error: unknown) => fail(request, response, error));
      return;
    }
    if (isNative(url)) {
      allowed(request)
        .then(() => native.forward(request, response))
        .catch((error: unknown) => fail(request, response, error));
      return;
    }
    handler(request, response);
  });
}

/** The registry decides: it answers to the caller's own token, or refuses it. */
async function askAboutToken(baseUrl: string, token: string): Promise<void> {
  const client = connectRegistry({ baseUrl, token, httpVersion: "1.1" });
  try {
    await client.tokens.getCaller({}, { timeoutMs: 10_000 });
  } finally {
    client.close();
  }
}
