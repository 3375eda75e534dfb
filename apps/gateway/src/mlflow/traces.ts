/**
 * MLflow's calls on traces. Their spans come by OTLP: see otlp.ts.
 *
 * To have traces with their spans, a client needs to be told where the spans are, by a tag: here, or in a file `traces.json`
 * among the trace's artifacts. The answer to a recorded trace always says "here": clients that know the tag have sent the spans
 * to /v1/traces, or are about to, and would upload the file besides. Reads say what is so: what clients too old for OTLP
 * uploaded is read from the file.
 * @module
 */
import { type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import {
  type Trace,
  type TraceContent,
  type TraceSchema,
  TraceState,
} from "@mintmark/proto/mintmark/tracking/v1/trace";
import { SpanSchema } from "@mintmark/proto/opentelemetry/proto/trace/v1/trace";
import { z } from "zod";
import { assessment, assessmentInit, assessmentJson } from "./assessments.ts";
import { experimentId } from "./experiments.ts";
import {
  count,
  int64,
  list,
  message,
  optionalText,
  pageLength,
  requiredList,
  requiredText,
  text,
  word,
} from "./fields.ts";
import { orAbsent, textOrAbsent } from "./json.ts";
import { type Call, type Route, route } from "./route.ts";
import { duration, instant, instantJson, texts } from "./trace-fields.ts";

/** Of which no more than these are numbered: 0 is STATE_UNSPECIFIED. */
const stateNames = ["OK", "ERROR", "IN_PROGRESS"] as const;
const location = message({ mlflow_experiment: message({ experiment_id: experimentId }) });
const traceInfo = message({
  trace_id: requiredText,
  client_request_id: text,
  trace_location: location,
  request_preview: optionalText,
  response_preview: optionalText,
  request_time: instant,
  execution_duration: duration,
  state: z.union([z.literal("STATE_UNSPECIFIED").transform(() => undefined), word(stateNames)]).optional(),
  trace_metadata: texts,
  tags: texts,
  assessments: list(assessment),
});
const tagged = { trace_id: requiredText, key: requiredText };
const maxBatch = 1000;
const manyIds = message({ trace_ids: requiredList(requiredText, maxBatch) });

export const traceRoutes: readonly Route[] = [
  route(
    "POST",
    "3.0/mlflow/traces",
    message({ trace: message({ trace_info: traceInfo }) }),
    async ({ trace: { trace_info: info } }, { registry, as }) => {
      const { trace } = await registry.traces.recordTrace({ trace: traceInit(info) }, as);
      return { trace: { trace_info: traceInfoJson({ ...trace!, hasSpans: true }) } };
    },
    { carriesData: true },
  ),
  route(
    "POST",
    "3.0/mlflow/traces/search",
    message({
      locations: requiredList(location),
      filter: text,
      max_results: pageLength(),
      order_by: list(z.string()),
      page_token: text,
    }),
    async ({ locations, filter, max_results, order_by, page_token }, { registry, as }) => {
      const { traces, nextPageToken } = await registry.traces.searchTraces(
        {
          experimentIds: locations.map(({ mlflow_experiment }) => mlflow_experiment.experiment_id),
          filter,
          orderBy: order_by,
          pageSize: max_results,
          pageToken: page_token,
        },
        as,
      );
      return { traces: orAbsent(traces.map(traceInfoJson)), next_page_token: textOrAbsent(nextPageToken) };
    },
  ),
  route("GET", "3.0/mlflow/traces/get", message({ trace_id: requiredText }), async ({ trace_id }, { registry, as }) => {
    const { content } = await registry.traces.getTrace({ id: trace_id, withSpans: true }, as);
    return { trace: traceJson(content!) };
  }),
  route("GET", "3.0/mlflow/traces/batchGet", manyIds, async ({ trace_ids }, call) => ({
    traces: orAbsent((await readTraces(trace_ids, true, call)).map(traceJson)),
  })),
  route("POST", "3.0/mlflow/traces/batchGetInfos", manyIds, async ({ trace_ids }, call) => ({
    trace_infos: orAbsent((await readTraces(trace_ids, false, call)).map(({ trace }) => traceInfoJson(trace!))),
  })),
  route(
    "GET",
    "3.0/mlflow/traces/:trace_id",
    message({ trace_id: requiredText }),
    async ({ trace_id }, { registry, as }) => {
      const { content } = await registry.traces.getTrace({ id: trace_id }, as);
      return { trace: { trace_info: traceInfoJson(content!.trace!) } };
    },
  ),
  route(
    "PATCH",
    ["2.0/mlflow/traces/:trace_id/tags", "3.0/mlflow/traces/:trace_id/tags"],
    message({ ...tagged, value: text }),
    async ({ trace_id, key, value }, { registry, as }) => {
      await registry.traces.setTraceTag({ id: trace_id, key, value }, as);
      return {};
    },
  ),
  route(
    "DELETE",
    ["2.0/mlflow/traces/:trace_id/tags", "3.0/mlflow/traces/:trace_id/tags"],
    message(tagged),
    async ({ trace_id, key }, { registry, as }) => {
      await registry.traces.deleteTraceTag({ id: trace_id, key }, as);
      return {};
    },
  ),
  route(
    "POST",
    ["2.0/mlflow/traces/delete-traces", "3.0/mlflow/traces/delete-traces"],
    message({
      experiment_id: experimentId,
      max_timestamp_millis: int64,
      max_traces: count,
      request_ids: list(requiredText, maxBatch),
    }),
    async ({ experiment_id, max_timestamp_millis, max_traces, request_ids }, { registry, as }) => {
      const { deleted } = await registry.traces.deleteTraces(
        {
          experimentId: experiment_id,
          ids: request_ids,
          ...(max_timestamp_millis === undefined ? {} : { maxTimestampMs: max_timestamp_millis }),
          ...(max_traces === undefined ? {} : { maxTraces: max_traces }),
        },
        as,
      );
      return { traces_deleted: deleted };
    },
  ),
  route(
    "POST",
    "2.0/mlflow/traces/link-to-run",
    message({ trace_ids: requiredList(requiredText), run_id: requiredText }),
    async ({ trace_ids, run_id }, { registry, as }) => {
      await registry.traces.linkTraces({ runId: run_id, traceIds: trace_ids }, as);
      return {};
    },
  ),
];

/** Tags that say where files and spans of a trace are: the registry knows that, and keeps no tag of it. */
const artifactsTag = "mlflow.artifactLocation";
const spansTag = "mlflow.trace.spansLocation";

function traceInit(info: z.output<typeof traceInfo>): MessageInitShape<typeof TraceSchema> {
  const { [artifactsTag]: _, [spansTag]: __, ...tags } = info.tags;
  return {
    id: info.trace_id,
    experimentId: info.trace_location.mlflow_experiment.experiment_id,
    clientRequestId: info.client_request_id,
    ...(info.request_preview === undefined ? {} : { requestPreview: info.request_preview }),
    ...(info.response_preview === undefined ? {} : { responsePreview: info.response_preview }),
    ...(info.request_time === undefined ? {} : { startTime: info.request_time }),
    ...(info.execution_duration === undefined ? {} : { duration: info.execution_duration }),
    state: info.state === undefined ? TraceState.UNSPECIFIED : TraceState[info.state],
    metadata: info.trace_metadata,
    tags,
    assessments: info.assessments.map(assessmentInit),
  };
}

async function readTraces(ids: readonly string[], withSpans: boolean, { registry, as }: Call): Promise<TraceContent[]> {
  return (await registry.traces.batchGetTraces({ ids: [...ids], withSpans }, as)).contents;
}

function traceJson({ trace, spans }: TraceContent): object {
  return {
    trace_info: traceInfoJson(trace!),
    spans: orAbsent(spans.map((span) => toJson(SpanSchema, span, { useProtoFieldName: true }))),
  };
}

function traceInfoJson(trace: Trace): object {
  const { metadata, tags, hasSpans, duration } = trace;
  return {
    trace_id: trace.id,
    client_request_id: textOrAbsent(trace.clientRequestId),
    trace_location: { type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: trace.experimentId } },
    request_preview: trace.requestPreview,
    response_preview: trace.responsePreview,
    request_time: instantJson(trace.startTime),
    execution_duration: duration === undefined ? undefined : toJson(DurationSchema, duration),
    state: trace.state === TraceState.UNSPECIFIED ? "STATE_UNSPECIFIED" : stateNames[trace.state - 1],
    trace_metadata: metadata,
    tags: { ...tags, [artifactsTag]: trace.artifactUri, ...(hasSpans ? { [spansTag]: "TRACKING_STORE" } : {}) },
    assessments: orAbsent(trace.assessments.map(assessmentJson)),
  };
}
