/**
 * MLflow's scoring protocol at `/serve/URI/{invocations,ping,health,version}`: a scoring client's base URL is `/serve/URI`.
 * @module
 */
import { Readable } from "node:stream";
import { mlflowVersion } from "@mintmark/model-package/environment";
import { ScoringError } from "@mintmark/model-runtime/scoring/scoring-error";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type BodyKeeper, keptBody } from "../body-pieces.ts";
import type { ServedModels } from "./served-models.ts";

export interface ScoringDeps {
  readonly models: Pick<ServedModels, "get">;
  readonly bodies: BodyKeeper;
  readonly limits: ScoringLimits;
}

export interface ScoringLimits {
  /** Of a request body; a client that has more sends several. */
  readonly bodyBytes: number;
}

const prefix = "/serve/";

/** True for a path of the scoring protocol, whose failures have its form. */
export function isScoring(url: string): boolean {
  return url.startsWith(prefix);
}

export async function scoringRoutes(app: FastifyInstance, deps: ScoringDeps): Promise<void> {
  app.removeAllContentTypeParsers();
  // It is read where its model is known, and worked on elsewhere.
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  app.all(`${prefix}*`, async (request, reply) => {
    const { uri, action } = target(request);
    const allowed = methods.get(action);
    if (allowed === undefined) return reply.code(404).send({ detail: "Not Found" });
    if (!allowed.includes(request.method))
      return reply.code(405).header("allow", allowed.join(", ")).send({ detail: "Method Not Allowed" });
    switch (action) {
      case "invocations":
        return answerInvocation(request, reply, uri, deps);
      case "version":
        return reply.type("text/plain").send(mlflowVersion);
      default:
        await deps.models.get(uri);
        return reply.type("application/json").send("\n");
    }
  });
}

const reads = ["GET", "HEAD"];
const methods: ReadonlyMap<string, readonly string[]> = new Map([
  ["invocations", ["POST"]],
  ["ping", reads],
  ["health", reads],
  ["version", reads],
]);

async function answerInvocation(request: FastifyRequest, reply: FastifyReply, uri: string, deps: ScoringDeps) {
  const content = contentOf(request.headers["content-type"]);
  if (content === undefined)
    return reply
      .code(415)
      .type("text/plain")
      .send("This predictor only supports the following content types: text/csv, application/json (charset utf-8)");
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity")
    return reply.code(415).type("text/plain").send(`Bodies are taken without a content encoding, got '${encoding}'`);
  const { models, bodies, limits } = deps;
  const { model } = await models.get(uri);
  const { pieces, release } = await keptBody(bodies, request, request.raw, limits.bodyBytes);
  try {
    const answer = await model.score({ ...content, pieces });
    release();
    const length = answer.reduce((sum, piece) => sum + piece.length, 0);
    const sent = bodies.holdAnswer(length);
    if (reply.raw.closed) sent();
    else reply.raw.once("close", sent);
    reply.headers({ "content-type": "application/json; charset=utf-8", "content-length": length });
    return reply.send(answer.length === 1 ? answer[0] : Readable.from(answer));
  } finally {
    release();
  }
}

/** The model URI and the action of `/serve/URI/ACTION`; slashes of the URI may be there as they are or as `%2F`. */
function target(request: FastifyRequest): { uri: string; action: string } {
  const path = request.raw.url!.split("?", 1)[0]!.slice(prefix.length);
  const slash = path.lastIndexOf("/");
  const action = path.slice(slash + 1);
  try {
    return { uri: decodeURIComponent(path.slice(0, Math.max(slash, 0))), action };
  } catch {
    throw new ScoringError("BAD_REQUEST", `the path holds a percent sign that does not encode anything: ${path}`);
  }
}

/** The body's form and charset, or undefined if the content type (with its parameters) is none that the protocol takes. */
function contentOf(contentType: string | undefined): { type: "json" | "csv"; charset?: "utf-8" } | undefined {
  if (contentType === undefined) return undefined;
  const [type = "", ...parameters] = contentType
    .toLowerCase()
    .split(";")
    .map((part) => part.trim());
  if (parameters.some((parameter) => parameter !== "charset=utf-8" && parameter !== "charset=utf8")) return undefined;
  const charset = parameters.length > 0 ? ({ charset: "utf-8" } as const) : {};
  if (type === "application/json") return { type: "json", ...charset };
  return type === "text/csv" ? { type: "csv", ...charset } : undefined;
}
