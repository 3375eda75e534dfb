/**
 * The gateway: one HTTP port for resolving, predicting and the native API, and one gRPC port.
 * @module
 */

import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { readLocalBlobs } from "@mintmark/blob-store";
import { AppError } from "@mintmark/errors";
import { type ConnectionLimits, defaultConnectionLimits } from "@mintmark/http-edge/connection-limits";
import { defaultQuotas, type QuotaLimits } from "@mintmark/http-edge/quotas";
import type { TlsIdentity } from "@mintmark/http-edge/transport";
import { mlflowVersion } from "@mintmark/model-package/environment";
import { openModelRuntime } from "@mintmark/model-runtime/model-runtime";
import { connectRegistry } from "@mintmark/registry-client";
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import type { Logger } from "pino";
import { openAccess, quotaOfTokens, tokenAccess } from "./access.ts";
import { bodyKeeper } from "./body-pieces.ts";
import { sendFailure } from "./failures.ts";
import { frontPage, frontPagePolicy } from "./front-page.ts";
import { type FrontParts, frontServer, refuseUnreadable } from "./front-server.ts";
import { startInferenceGrpc } from "./grpc/inference-server.ts";
import { defaultLimits, type GatewayLimits } from "./limits.ts";
import { repeatLostCalls } from "./lost-calls.ts";
import { gatewayMetrics } from "./metrics.ts";
import { artifactBytes } from "./mlflow/artifact-bytes.ts";
import { hotReads } from "./mlflow/hot-reads.ts";
import { openJsonReader } from "./mlflow/json-reader.ts";
import { MlflowError } from "./mlflow/mlflow-error.ts";
import { isMlflow, type MlflowDeps, mlflowRoutes } from "./mlflow/mlflow-routes.ts";
import { otlpRoutes } from "./mlflow/otlp.ts";
import { passThrough } from "./native/pass-through.ts";
import { resolveRoute } from "./resolve-route.ts";
import { modelSourceOf } from "./scoring/model-source.ts";
import { type ScoringDeps, scoringRoutes } from "./scoring/scoring-routes.ts";
import { type ServedModels, serveModels } from "./scoring/served-models.ts";
import { mintmarkVersion } from "./versions.ts";
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
  /** The registry's, as `file:///dir`: artifacts are read from there where it is of this machine, and else from the registry. */
  readonly artifactStore?: string | undefined;
  /** Under which others reach the gateway, for links in answers; as each client addressed it if absent. */
  readonly publicUrl?: string | undefined;
  readonly freshness: Freshness;
  readonly limits?: GatewayLimits;
  readonly connectionLimits?: ConnectionLimits;
  /** With authentication: what one token may ask for. */
  readonly quotas?: QuotaLimits;
  /** With what both ports identify themselves; they speak clear text if absent. */
  readonly tls?: TlsIdentity | undefined;
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

/** @throws Error with the system's code (`EADDRINUSE` …) and `port` if a port cannot be had */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { log, tls, limits = defaultLimits } = options;
  const registry = connectRegistry({ baseUrl: options.registryUrl, token: options.token, httpVersion: "2" });
  const access = options.auth
    ? tokenAccess((token) => askAboutToken(options.registryUrl, token))
    : openAccess([options.host], options.publicUrl);
  const runtime = openModelRuntime(limits.models);
  const sourceOf = modelSourceOf(registry, options.keyDir, limits.modelBytes);
  // The models need the view to resolve, and the view tells the models what has changed.
  const models: ServedModels = serveModels({
    resolve: (uri) => view.resolve(uri),
    requireFresh: () => view.requireFresh(),
    load: async (version) => runtime.load(await sourceOf(version)),
    log,
  });
  const view: View = openView(registry, options.freshness, [access, models], log);
  const bodies = bodyKeeper({ room: limits.bodyMemoryBytes, arrivalMs: limits.bodyArrivalMs });
  const metrics = gatewayMetrics({
    rememberedNames: view.size,
    loadedModels: models.loaded,
    modelProcesses: runtime.processes,
    bodyBytes: bodies.held,
    registrySilenceSeconds: () => view.silence() / 1000,
    lastEvent: () => Number(view.head()),
  });
  const ownWrite = async (event: bigint) => {
    await view.reached(event);
    await atMost(ownWriteSwapMs, models.settled());
  };
  const native = passThrough(options.registryUrl, ownWrite);
  // Its calls carry the token of whoever called, never the gateway's own.
  const inNameOfCaller = connectRegistry({
    baseUrl: options.registryUrl,
    httpVersion: "2",
    interceptors: [repeatLostCalls],
  });
  const json = openJsonReader();
  const mlflow: MlflowDeps = {
    registry: inNameOfCaller,
    ownWrite,
    publicUrl: options.publicUrl,
    bodies,
    json,
    limits: limits.mlflow,
  };
  const hot = hotReads({ view, registry });
  const artifacts = artifactBytes(native, inNameOfCaller, readLocalBlobs(options.artifactStore ?? ""));
  const resolve = resolveRoute(view);
  const scoring = { models, bodies, limits: limits.scoring };
  const enter = options.auth ? quotaOfTokens(options.quotas ?? defaultQuotas) : () => {};
  const connections = options.connectionLimits ?? defaultConnectionLimits;
  const parts = {
    access,
    view,
    scoring,
    metrics,
    log,
    native,
    mlflow,
    hot,
    artifacts,
    resolve,
    connections,
    tls,
    enter,
  };
  const app = await router(parts);
  const giveBack = async () => {
    runtime.close();
    json.close();
    native.close();
    await view.close();
    registry.close();
    inNameOfCaller.close();
  };
  try {
    await app.listen({ host: options.host, port: options.port });
    const grpc = await startInferenceGrpc(
      { host: options.host, port: options.grpcPort, limits: connections, tls },
      () => !view.isTooOld(),
    );
    return {
      port: (app.server.address() as AddressInfo).port,
      grpcPort: grpc.port,
      close: async () => {
        // Streams and uploads have no end of their own: their callers go on elsewhere, or when the gateway is back.
        const cut = setTimeout(() => {
          native.close();
          app.server.closeAllConnections();
        }, graceMs);
        await Promise.all([app.close(), grpc.close()]);
        clearTimeout(cut);
        await giveBack();
      },
    };
  } catch (error) {
    await app.close();
    await giveBack();
    throw error;
  }
}

/** How long what has begun may take to end. */
const graceMs = 3_000;
/** How long a write waits for the models that it changes to be loaded. */
const ownWriteSwapMs = 5_000;

interface Parts extends FrontParts {
  readonly view: View;
  readonly scoring: ScoringDeps;
  readonly mlflow: MlflowDeps;
}

/** Paths that answer without a token: they say what this is and that it lives, and nothing else. */
const openPaths = new Set(["/", "/health", "/ready", "/version"]);

async function router(parts: Parts): Promise<FastifyInstance> {
  const { access, enter, view, metrics } = parts;
  const app = Fastify({
    loggerInstance: parts.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: "idle",
    // Who has a connection is answered on it once more, and told that it closes.
    return503OnClosing: false,
    serverFactory: (handler) => frontServer(parts, handler),
    frameworkErrors: sendFailure,
    clientErrorHandler: refuseUnreadable,
  });
  app.addHook("onRequest", async (request, reply) => {
    if (openPaths.has(request.url.split("?", 1)[0]!)) return;
    await access.check(request.headers);
    enter(request.raw, reply.raw);
  });
  app.addHook("onResponse", async (request, reply) => {
    metrics.countRequest(request.routeOptions.url ?? "unknown", reply.raw.statusCode, reply.elapsedTime / 1000);
  });
  app.setErrorHandler(sendFailure);
  app.setNotFoundHandler((request) => {
    if (isMlflow(request.url))
      throw new MlflowError(
        "ENDPOINT_NOT_FOUND",
        `There is no ${request.method} ${request.url.split("?", 1)[0]} here.`,
      );
    throw new AppError("ROUTE_NOT_FOUND", { method: request.method, path: request.url });
  });
  app.get("/", async (_, reply) =>
    reply
      .headers({ "content-type": "text/html; charset=utf-8", "content-security-policy": frontPagePolicy })
      .send(frontPage),
  );
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
  await app.register((scope) => scoringRoutes(scope, parts.scoring));
  await app.register((scope) => mlflowRoutes(scope, parts.mlflow));
  await app.register((scope) => otlpRoutes(scope, parts.mlflow));
  return app;
}

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  const limit = new AbortController();
  await Promise.race([work, sleep(ms, undefined, { signal: limit.signal }).catch(() => {})]);
  limit.abort();
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
