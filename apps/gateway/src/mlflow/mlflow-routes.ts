/**
 * MLflow's REST API: its routes on the native API, in its conventions.
 *
 * Everything stands below `/api/` for clients and below `/ajax-api/` for browsers.
 * @module
 */

import type { Readable } from "node:stream";
import { eventHeader, type RegistryClient } from "@mintmark/registry-client";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type BodyKeeper, keptBody } from "../body-pieces.ts";
import { artifactRoutes } from "./artifacts.ts";
import { assessmentRoutes } from "./assessments.ts";
import { evaluationDatasetRoutes } from "./evaluation-datasets.ts";
import { experimentRoutes } from "./experiments.ts";
import { readMessage } from "./fields.ts";
import type { JsonReader } from "./json-reader.ts";
import { loggedModelRoutes } from "./logged-models.ts";
import { metricRoutes } from "./metrics.ts";
import { MlflowError } from "./mlflow-error.ts";
import { modelVersionRoutes } from "./model-versions.ts";
import { registeredModelRoutes } from "./registered-models.ts";
import { type Call, inNameOf, type Route } from "./route.ts";
import { runRoutes } from "./runs.ts";
import { traceRoutes } from "./traces.ts";
import { webhookRoutes } from "./webhooks.ts";

const prefixes = ["/api/", "/ajax-api/"];

const routes: readonly Route[] = [
  ...experimentRoutes,
  ...runRoutes,
  ...metricRoutes,
  ...loggedModelRoutes,
  ...registeredModelRoutes,
  ...modelVersionRoutes,
  ...artifactRoutes,
  ...traceRoutes,
  ...assessmentRoutes,
  ...evaluationDatasetRoutes,
  ...webhookRoutes,
];

export interface MlflowDeps {
  readonly registry: RegistryClient;
  /** Returns when the gateway's view has taken in the event. */
  readonly ownWrite: (event: bigint) => Promise<void>;
  /** What links begin with; as the client addressed the gateway if absent. */
  readonly publicUrl?: string | undefined;
  readonly bodies: BodyKeeper;
  readonly json: JsonReader;
  readonly limits: MlflowLimits;
}

/** Of one body. */
export interface MlflowLimits {
  readonly bytes: number;
  /** Of calls that carry data: profiles of data sets, which may have 16 MB, records for evaluation, spans. */
  readonly dataBytes: number;
  /** Numbers, texts, lists, objects and so on, names aside; a batch of 1000 metrics has 6000. */
  readonly values: number;
  /** Fields of spans, and of what is in them. */
  readonly spanFields: number;
}

/** Where MLflow's pages fetch files, and where its clients send spans; the rest of its API is below the prefixes. */
const others = ["/get-artifact", "/model-versions/get-artifact", "/v1/traces"];

/** True for a path of MLflow's, whose failures have its form. */
export function isMlflow(url: string): boolean {
  return [...prefixes, ...others].some((beginning) => url.startsWith(beginning));
}

export async function mlflowRoutes(app: FastifyInstance, deps: MlflowDeps): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", async (request: FastifyRequest, payload: Readable) => {
    const encoding = request.headers["content-encoding"];
    if (encoding !== undefined && encoding !== "identity")
      throw new MlflowError(
        "INVALID_PARAMETER_VALUE",
        `Bodies are taken without a content encoding, got '${encoding}'.`,
      );
    const { carriesData } = request.routeOptions.config as { readonly carriesData?: boolean };
    const { bytes, dataBytes, values } = deps.limits;
    const { pieces, release } = await keptBody(deps.bodies, request, payload, carriesData ? dataBytes : bytes);
    try {
      return await deps.json.read(pieces, values);
    } finally {
      release();
    }
  });
  app.addContentTypeParser("*", (_request, _body, done) => {
    done(new MlflowError("INVALID_PARAMETER_VALUE", "The body has to be JSON, with Content-Type: application/json."));
  });
  for (const route of routes)
    for (const url of prefixes.flatMap((prefix) => route.paths.map((path) => prefix + path)))
      app.route({
        method: [...route.methods],
        url,
        config: { carriesData: route.carriesData },
        handler: (request, reply) => answer(deps, route, request, reply),
      });
}

async function answer(
  deps: MlflowDeps,
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const raw = request.method === "GET" ? request.query : request.body;
  if (raw !== undefined && (typeof raw !== "object" || raw === null || Array.isArray(raw)))
    throw new MlflowError("INVALID_PARAMETER_VALUE", "The body has to be a JSON object.");
  const message = readMessage(route.request, { ...raw, ...(request.params as object) });
  const events: bigint[] = [];
  const fields = await route.handle(message, callOf(deps, request, events));
  const last = events.reduce((a, b) => (a > b ? a : b), 0n);
  if (last > 0n) await deps.ownWrite(last);
  return reply.type("application/json").send(JSON.stringify(fields));
}

function callOf({ registry, publicUrl }: MlflowDeps, request: FastifyRequest, events: bigint[]): Call {
  return {
    registry,
    baseUrl: publicUrl ?? `${request.protocol}://${request.host}`,
    as: {
      ...inNameOf(request.headers),
      onHeader: (headers) => {
        const event = headers.get(eventHeader);
        if (event !== null) events.push(BigInt(event));
      },
    },
  };
}
