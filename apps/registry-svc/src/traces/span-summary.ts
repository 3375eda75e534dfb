/**
 * What spans say about themselves and about their trace, for those who search.
 * @module
 */
import { toBinary } from "@bufbuild/protobuf";
import { TraceState } from "@mintmark/proto/mintmark/tracking/v1/trace";
import type { AnyValue, KeyValue } from "@mintmark/proto/opentelemetry/proto/common/v1/common";
import { type Span, SpanSchema, Status_StatusCode } from "@mintmark/proto/opentelemetry/proto/trace/v1/trace";
import { invalid } from "../fields.ts";

/** MLflow's names of attributes and tags. */
const attributeNames = { type: "mlflow.spanType", inputs: "mlflow.spanInputs", outputs: "mlflow.spanOutputs" };
const tagAttributePrefix = "mlflow.traceTag.";
const traceNameTag = "mlflow.traceName";

const maxPreview = 1_000;
const maxTagValue = 8_000;

/** A row of `span`, but for its trace. */
export interface SpanRow {
  readonly trace: string;
  readonly span_id: Uint8Array;
  readonly is_root: boolean;
  readonly status: number;
  readonly started_ns: bigint;
  readonly ended_ns: bigint;
  readonly name: string;
  readonly type: string;
  readonly encoded: Uint8Array;
}

/** What spans of one trace say about it. */
export interface TraceSummary {
  readonly id: string;
  readonly started_ms: number;
  /** Null if none of them has ended. */
  readonly ended_ms: number | null;
  /** In progress unless the root is among them and has ended. */
  readonly state: TraceState;
  readonly request_preview: string | null;
  readonly response_preview: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

/** @throws AppError REQUEST_INVALID if a span cannot be told from others, or its times cannot be */
export function spanRow(span: Span): SpanRow {
  const { traceId, spanId, parentSpanId, name, attributes, startTimeUnixNano, endTimeUnixNano, status } = span;
  requireBytes("trace_id", traceId, 16);
  requireBytes("span_id", spanId, 8);
  const type = attribute(attributes, attributeNames.type);
  return {
    trace: `tr-${Buffer.from(traceId).toString("hex")}`,
    span_id: spanId,
    is_root: parentSpanId.length === 0,
    status: statusOf(status?.code),
    started_ns: requireTime("start_time_unix_nano", startTimeUnixNano),
    ended_ns: requireTime("end_time_unix_nano", endTimeUnixNano),
    name: storable(name, 1_000),
    type: type?.value.case === "stringValue" ? storable(type.value.value, 250) : "",
    encoded: toBinary(SpanSchema, span),
  };
}

/** @param spans all of one trace, at least one */
export function traceSummary(id: string, spans: readonly Span[]): TraceSummary {
  // Not as arguments of one call: there may be more spans than a call can have.
  const started = spans.reduce(
    (first, span) => Math.min(first, toMs(span.startTimeUnixNano)),
    Number.POSITIVE_INFINITY,
  );
  const ended = spans.reduce((last, span) => Math.max(last, toMs(span.endTimeUnixNano)), 0);
  const root = spans.find(({ parentSpanId }) => parentSpanId.length === 0);
  return {
    id,
    started_ms: started,
    ended_ms: ended === 0 ? null : Math.max(started, ended),
    state: root === undefined ? TraceState.IN_PROGRESS : stateOf(root),
    request_preview: preview(root, attributeNames.inputs),
    response_preview: preview(root, attributeNames.outputs),
    tags: root === undefined ? {} : tagsOf(root),
  };
}

function stateOf({ endTimeUnixNano, status }: Span): TraceState {
  if (endTimeUnixNano === 0n) return TraceState.IN_PROGRESS;
  return status?.code === Status_StatusCode.ERROR ? TraceState.ERROR : TraceState.OK;
}

function preview(root: Span | undefined, name: string): string | null {
  const value = root === undefined ? undefined : attribute(root.attributes, name);
  return value === undefined ? null : storable(JSON.stringify(plain(value)), maxPreview);
}

/** The name of the root is the name of the trace; clients that have nothing but spans put the tags there as well. */
function tagsOf({ name, attributes }: Span): Record<string, string> {
  const tags = new Map([[traceNameTag, storable(name, maxTagValue)]]);
  for (const { key, value } of attributes) {
    const tag = storable(key.slice(tagAttributePrefix.length), 250);
    if (key.startsWith(tagAttributePrefix) && tag !== "" && value?.value.case === "stringValue")
      tags.set(tag, storable(value.value.value, maxTagValue));
  }
  return Object.fromEntries(tags);
}

function attribute(attributes: readonly KeyValue[], name: string): AnyValue | undefined {
  return attributes.find(({ key }) => key === name)?.value;
}

/** As JSON can show it. */
function plain({ value }: AnyValue): unknown {
  switch (value.case) {
    case "arrayValue":
      return value.value.values.map(plain);
    case "kvlistValue":
      return Object.fromEntries(
        value.value.values.map(({ key, value }) => [key, value === undefined ? null : plain(value)]),
      );
    case "intValue":
      return Number(value.value);
    case "bytesValue":
      return Buffer.from(value.value).toString("base64");
    case undefined:
      return null;
    default:
      return value.value;
  }
}

/** Postgres takes no NUL and no half of a surrogate pair. */
function storable(text: string, maxLength: number): string {
  return text.slice(0, maxLength).toWellFormed().replaceAll("\0", "\ufffd");
}

function statusOf(code: Status_StatusCode | undefined): number {
  return code === Status_StatusCode.OK || code === Status_StatusCode.ERROR ? code : Status_StatusCode.UNSET;
}

function toMs(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000n);
}

function requireBytes(field: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length || bytes.every((byte) => byte === 0))
    throw invalid(`spans.${field}`, `must be ${length} bytes, not all zero, got ${bytes.length}`);
}

/** int8 holds nanoseconds until the year 2262. */
function requireTime(field: string, nanoseconds: bigint): bigint {
  if (nanoseconds >= 2n ** 63n) throw invalid(`spans.${field}`, `must be below 2^63, got ${nanoseconds}`);
  return nanoseconds;
}
