/**
 * MLflow's scoring protocol at `/serve/URI/{invocations,ping,health,version}`: a scoring client's base URL is `/serve/URI`.
 * @module
 */
import { toColumns, toRows } from "@mintmark/model-package/tabular";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { mlflowVersion } from "../versions.ts";
import { ScoringError, sendScoringFailure } from "./scoring-error.ts";
import { parseCsvInput, parseJsonInput, type RawColumns } from "./scoring-input.ts";
import type { ServedModels } from "./served-models.ts";

/** Of a request body; a client that has more sends several. */
const bodyLimitBytes = 100 * 1024 * 1024;

export async function scoringRoutes(app: FastifyInstance, models: ServedModels): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: bodyLimitBytes }, (_request, body, done) =>
    done(null, body),
  );

  app.get("/serve/*", async (request, reply) => {
    const { uri, action } = target(request);
    switch (action) {
      case "ping":
      case "health":
        return answerPing(reply, uri, models);
      case "version":
        return reply.type("text/plain").send(mlflowVersion);
      case "invocations":
        return reply.code(405).header("allow", "POST").send({ detail: "Method Not Allowed" });
      default:
        return reply.code(404).send({ detail: "Not Found" });
    }
  });

  app.post("/serve/*", async (request, reply) => {
    const { uri, action } = target(request);
    if (action !== "invocations") return reply.code(404).send({ detail: "Not Found" });
    const type = bodyType(request.headers["content-type"]);
    if (type === undefined)
      return reply
        .code(415)
        .type("text/plain")
        .send("This predictor only supports the following content types: text/csv, application/json (charset utf-8)");
    try {
      const body = ((request.body as Buffer | undefined) ?? Buffer.alloc(0)).toString("utf8");
      return await reply
        .type("application/json")
        .send(JSON.stringify({ predictions: await invoke(models, uri, type, body) }));
    } catch (error) {
      request.log.debug({ err: error, uri }, "invocation refused");
      reply.hijack();
      sendScoringFailure(reply.raw, error);
      return reply;
    }
  });
}

async function invoke(models: ServedModels, uri: string, type: "json" | "csv", body: string) {
  const { predictor } = await models.get(uri);
  const inputs = predictor.inputs.map((input) => input.name);
  const raw: RawColumns = type === "csv" ? parseCsvInput(body) : parseJsonInput(body, inputs);
  return toRows(predictor.predict(toColumns(predictor.inputs, raw)));
}

async function answerPing(reply: FastifyReply, uri: string, models: ServedModels): Promise<FastifyReply> {
  try {
    await models.get(uri);
    return reply.type("application/json").send("\n");
  } catch (error) {
    reply.hijack();
    sendScoringFailure(reply.raw, error);
    return reply;
  }
}

/** The model URI and the action of `/serve/URI/ACTION`; slashes of the URI may be there as they are or as `%2F`. */
function target(request: FastifyRequest): { uri: string; action: string } {
  const path = request.raw.url!.split("?", 1)[0]!.slice("/serve/".length);
  const slash = path.lastIndexOf("/");
  const action = path.slice(slash + 1);
  try {
    return { uri: decodeURIComponent(path.slice(0, Math.max(slash, 0))), action };
  } catch {
    throw new ScoringError("BAD_REQUEST", `the path holds a percent sign that does not encode anything: ${path}`);
  }
}

/** The body's form, or undefined if the content type (with its parameters) is none of those that the protocol takes. */
function bodyType(contentType: string | undefined): "json" | "csv" | undefined {
  if (contentType === undefined) return undefined;
  const [type = "", ...parameters] = contentType
    .toLowerCase()
    .split(";")
    .map((part) => part.trim());
  if (parameters.some((parameter) => parameter !== "charset=utf-8" && parameter !== "charset=utf8")) return undefined;
  if (type === "application/json") return "json";
  return type === "text/csv" ? "csv" : undefined;
}
