/**
 * Spans by OTLP over HTTP, at the path and in the encoding of its standard: protobuf, plain or compressed with gzip.
 *
 * The experiment that new traces belong to, and the run that made them, are named in headers, as MLflow's clients do.
 * @module
 */
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
  ExportTraceServiceResponseSchema,
} from "@mintmark/proto/opentelemetry/proto/collector/trace/v1/trace_service";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { MlflowError } from "./mlflow-error.ts";
import { bodyLimitBytes, type MlflowDeps } from "./mlflow-routes.ts";
import { inNameOf } from "./route.ts";

const mediaType = "application/x-protobuf";

export async function otlpRoutes(app: FastifyInstance, { registry }: Pick<MlflowDeps, "registry">): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(mediaType, { parseAs: "buffer", bodyLimit: bodyLimitBytes }, (_, body, done) =>
    done(null, body),
  );
  app.addContentTypeParser("*", (_request, _body, done) => {
    done(invalid(`The body has to be protobuf, with Content-Type: ${mediaType}.`));
  });
  app.post("/v1/traces", async (request, reply) => {
    const experimentId = header(request, "x-mlflow-experiment-id");
    if (experimentId === "") throw invalid("The header x-mlflow-experiment-id has to name an experiment.");
    const { resourceSpans } = await readRequest(request);
    const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
    const runId = header(request, "x-mlflow-run-id");
    await registry.traces.logSpans({ experimentId, spans, runId }, inNameOf(request.headers));
    return reply.type(mediaType).send(Buffer.from(toBinary(ExportTraceServiceResponseSchema, taken)));
  });
}

const taken = create(ExportTraceServiceResponseSchema);

async function readRequest(request: FastifyRequest): Promise<ExportTraceServiceRequest> {
  if (!Buffer.isBuffer(request.body)) throw invalid("The body is empty.");
  const bytes = await uncompressed(request.body, header(request, "content-encoding"));
  try {
    return fromBinary(ExportTraceServiceRequestSchema, bytes);
  } catch (error) {
    throw invalid(`The body is not an ExportTraceServiceRequest of OTLP: ${(error as Error).message}.`);
  }
}

async function uncompressed(body: Buffer, encoding: string): Promise<Buffer> {
  if (encoding === "" || encoding === "identity") return body;
  if (encoding !== "gzip") throw invalid(`The content encoding '${encoding}' is not known; send gzip or none.`);
  try {
    return await promisify(gunzip)(body, { maxOutputLength: bodyLimitBytes });
  } catch (error) {
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
