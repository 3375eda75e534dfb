/**
 * Spans by OTLP over HTTP, at the path and in the encoding of its standard: protobuf, plain or compressed with gzip.
 *
 * The experiment that new traces belong to, and the run that made them, are named in headers, as MLflow's clients do.
 * @module
 */
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { AppError } from "@mintmark/errors";
import { countFields } from "@mintmark/http-edge/count-fields";
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
  ExportTraceServiceResponseSchema,
} from "@mintmark/proto/opentelemetry/proto/collector/trace/v1/trace_service";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { keptBody } from "../body-pieces.ts";
import { MlflowError } from "./mlflow-error.ts";
import type { MlflowDeps, MlflowLimits } from "./mlflow-routes.ts";
import { inNameOf } from "./route.ts";

const mediaType = "application/x-protobuf";

type OtlpDeps = Pick<MlflowDeps, "registry" | "bodies" | "limits">;

export async function otlpRoutes(app: FastifyInstance, { registry, bodies, limits }: OtlpDeps): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(mediaType, async (request: FastifyRequest, payload: Readable) => {
    const { pieces, release } = await keptBody(bodies, request, payload, limits.dataBytes);
    try {
      return await readRequest(pieces, header(request, "content-encoding"), limits);
    } finally {
      release();
    }
  });
  app.addContentTypeParser("*", (_request, _body, done) => {
    done(invalid(`The body has to be protobuf, with Content-Type: ${mediaType}.`));
  });
  app.post("/v1/traces", async (request, reply) => {
    const experimentId = header(request, "x-mlflow-experiment-id");
    if (experimentId === "") throw invalid("The header x-mlflow-experiment-id has to name an experiment.");
    if (request.body === undefined) throw invalid("The body is empty.");
    const { resourceSpans } = request.body as ExportTraceServiceRequest;
    const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
    const runId = header(request, "x-mlflow-run-id");
    await registry.traces.logSpans({ experimentId, spans, runId }, inNameOf(request.headers));
    return reply.type(mediaType).send(Buffer.from(toBinary(ExportTraceServiceResponseSchema, taken)));
  });
}

const taken = create(ExportTraceServiceResponseSchema);

async function readRequest(
  pieces: readonly Uint8Array[],
  encoding: string,
  limits: MlflowLimits,
): Promise<ExportTraceServiceRequest> {
  // A copy, also of one piece: ids in what is read of it are parts of it, and the pieces are given back.
  const body = Buffer.concat(pieces);
  if (body.length === 0) throw invalid("The body is empty.");
  const bytes = await uncompressed(body, encoding, limits.dataBytes);
  try {
    if (countFields(bytes, ExportTraceServiceRequestSchema, limits.spanFields) > limits.spanFields)
      throw new AppError("BODY_VALUES_TOO_MANY", { limit: limits.spanFields });
    return fromBinary(ExportTraceServiceRequestSchema, bytes);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw invalid(`The body is not an ExportTraceServiceRequest of OTLP: ${(error as Error).message}.`);
  }
}

async function uncompressed(body: Uint8Array, encoding: string, limit: number): Promise<Uint8Array> {
  if (encoding === "" || encoding === "identity") return body;
  if (encoding !== "gzip") throw invalid(`The content encoding '${encoding}' is not known; send gzip or none.`);
  try {
    return await promisify(gunzip)(body, { maxOutputLength: limit });
  } catch (error) {
    // Node stops where it is more than that, and does not say how much more.
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE")
      throw new AppError("BODY_TOO_LARGE", { limit, seen: limit + 1 });
    throw invalid(`The body cannot be uncompressed: ${(error as Error).message}.`);
  }
}

function header({ headers }: FastifyRequest, name: string): string {
  const value = headers[name];
  return typeof value === "string" ? value : "";
}

function invalid(message: string): MlflowError {
  return new MlflowError("INVALID_PARAMETER_VALUE", message);
}
