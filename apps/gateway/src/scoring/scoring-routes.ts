/**
 * MLflow's scoring protocol at `/serve/URI/{invocations,ping,health,version}`: a scoring client's base URL is `/serve/URI`.
 * @module
 */
import { readValues } from "@mintmark/columns/read-values";
import { encodingOf } from "@mintmark/columns/text-encoding";
import { mlflowVersion } from "@mintmark/model-package/environment";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { predictRows } from "./predict-rows.ts";
import { ScoringError } from "./scoring-error.ts";
import { parseCsvInput, parseJsonInput } from "./scoring-input.ts";
import type { ServedModels } from "./served-models.ts";

/** Of a request body; a client that has more sends several. */
const bodyLimitBytes = 100 * 1024 * 1024;

const prefix = "/serve/";

/** True for a path of the scoring protocol, whose failures have its form. */
export function isScoring(url: string): boolean {
  return url.startsWith(prefix);
}

export async function scoringRoutes(app: FastifyInstance, models: ServedModels): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: bodyLimitBytes }, (_request, body, done) =>
    done(null, body),
  );
  app.all(`${prefix}*`, async (request, reply) => {
    const { uri, action } = target(request);
    const allowed = methods.get(action);
    if (allowed === undefined) return reply.code(404).send({ detail: "Not Found" });
    if (!allowed.includes(request.method))
      return reply.code(405).header("allow", allowed.join(", ")).send({ detail: "Method Not Allowed" });
    switch (action) {
      case "invocations":
        return answerInvocation(request, reply, uri, models);
      case "version":
        return reply.type("text/plain").send(mlflowVersion);
      default:
        await models.get(uri);
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

async function answerInvocation(request: FastifyRequest, reply: FastifyReply, uri: string, models: ServedModels) {
  const content = contentOf(request.headers["content-type"]);
  if (content === undefined)
    return reply
      .code(415)
      .type("text/plain")
      .send("This predictor only supports the following content types: text/csv, application/json (charset utf-8)");
  const { predictor } = await models.get(uri);
  const bytes = (request.body as Buffer | undefined) ?? Buffer.alloc(0);
  const { type, charset } = content;
  const body = textOf(bytes, charset ?? (type === "csv" ? predictor.schema.encoding : undefined));
  const inputs = predictor.inputs.map((input) => input.name);
  const raw =
    type === "csv" ? await parseCsvInput(body, inputs, predictor.schema.delimiter) : parseJsonInput(body, inputs);
  return reply
    .type("application/json")
    .send(`{"predictions":${await predictRows(predictor, readValues(predictor.schema, raw))}}`);
}

/**
 * A body by its byte-order mark, else by the charset of its content type, else, if it is CSV, as the data was written that the
 * model was trained on.
 * @throws ScoringError if it is not of that encoding: letters that are guessed at would be other categories
 */
function textOf(bytes: Buffer, said: string | undefined): string {
  const encoding = encodingOf(bytes, said);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new ScoringError("BAD_REQUEST", `the body is not ${encoding.toUpperCase()}`);
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
