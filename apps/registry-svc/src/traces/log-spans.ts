/**
 * Keeps spans, all of them or none, and what they say about their traces.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { parseRunId } from "@mintmark/names/run-id";
import type { Span } from "@mintmark/proto/opentelemetry/proto/trace/v1/trace";
import { sql } from "kysely";
import { prepared } from "../db/prepared.ts";
import type { Db } from "../db/schema.ts";
import { parseExperimentId } from "../experiments/experiment-id.ts";
import { refusal } from "./record-trace.ts";
import { type SpanRow, spanRow, traceSummary } from "./span-summary.ts";

export interface LogSpans {
  readonly experimentId: string;
  readonly spans: readonly Span[];
  /** Empty if no run made them. */
  readonly runId: string;
}

/** @throws AppError REQUEST_INVALID, EXPERIMENT_NOT_FOUND, EXPERIMENT_DELETED, TRACE_ELSEWHERE, RUN_NOT_FOUND */
export async function logSpans(db: Db, { experimentId, spans, runId }: LogSpans): Promise<void> {
  const experiment = parseExperimentId(experimentId);
  const run = runId === "" ? null : parseRunId(runId);
  const rows = lastOfEach(spans.map(spanRow));
  const traces = [...Map.groupBy(spans, traceOf)].map(([id, own]) => traceSummary(id, own));
  if (rows.length === 0) return;
  await db.transaction().execute(async (tx) => {
    // Traces in the order of their ids, so that callers with the same traces wait for each other in a line.
    const { rows: kept } = await sql<{ id: string; linked: bigint }>`${prepared}
      with given as (
        select * from jsonb_to_recordset(${JSON.stringify(traces)}::jsonb) as given (id text, started_ms bigint,
          ended_ms bigint, state smallint, request_preview text, response_preview text, tags jsonb)
      ), kept as (
        insert into trace (id, experiment_pk, started_ms, duration_ms, state, request_preview, response_preview)
        select id, experiment_pk, started_ms, ended_ms - started_ms, state, request_preview, response_preview
        from given, experiment where experiment_pk = ${experiment} and deleted_at is null order by id
        on conflict (id) do update set
          started_ms = case when trace.recorded then trace.started_ms else least(trace.started_ms, excluded.started_ms) end,
          duration_ms = case when trace.recorded then trace.duration_ms
            else greatest(trace.started_ms + trace.duration_ms, excluded.started_ms + excluded.duration_ms)
              - least(trace.started_ms, excluded.started_ms) end,
          -- Only the batch that has the root knows how the trace ended.
          state = case when trace.recorded or excluded.state = 3 then trace.state else excluded.state end,
          request_preview = case when trace.recorded then trace.request_preview
            else coalesce(excluded.request_preview, trace.request_preview) end,
          response_preview = case when trace.recorded then trace.response_preview
            else coalesce(excluded.response_preview, trace.response_preview) end
        where trace.experiment_pk = excluded.experiment_pk
        returning trace_pk, experiment_pk, id, recorded
      ), tagged as (
        insert into trace_tag (trace_pk, experiment_pk, key_id, value)
        select trace_pk, experiment_pk, key_of(key), value
        from kept join given using (id), jsonb_each_text(given.tags) where not kept.recorded
        on conflict (trace_pk, key_id) do update set value = excluded.value
      ), placed as (
        insert into span (trace_pk, span_id, is_root, status, started_ns, ended_ns, name, type, encoded)
        select trace_pk, span_id, is_root, status, started_ns, ended_ns, name, type, encoded
        from unnest(${column(rows, "trace")}::text[], ${bytes(rows, "span_id")}::bytea[], ${column(rows, "is_root")}::bool[],
          ${column(rows, "status")}::smallint[], ${column(rows, "started_ns")}::bigint[],
          ${column(rows, "ended_ns")}::bigint[], ${column(rows, "name")}::text[], ${column(rows, "type")}::text[],
          ${bytes(rows, "encoded")}::bytea[])
          as own (id, span_id, is_root, status, started_ns, ended_ns, name, type, encoded) join kept using (id)
        on conflict (trace_pk, span_id) do update set is_root = excluded.is_root, status = excluded.status,
          started_ns = excluded.started_ns, ended_ns = excluded.ended_ns, name = excluded.name, type = excluded.type,
          encoded = excluded.encoded
      ), linked as (
        insert into trace_run (trace_pk, run_pk) select trace_pk, run_pk from kept, run where run_id = ${run}::uuid
        on conflict do nothing
      )
      select id, (select count(*) from run where run_id = ${run}::uuid) as linked from kept`.execute(tx);
    const missing = traces.find(({ id }) => !kept.some((one) => one.id === id));
    if (missing !== undefined) throw await refusal(tx, experiment, missing.id);
    if (run !== null && kept[0]?.linked === 0n) throw new AppError("RUN_NOT_FOUND", { run: runId });
  });
}

/** A span may come twice in one call, running and ended; one statement can write it only once. */
function lastOfEach(rows: readonly SpanRow[]): readonly SpanRow[] {
  return [...new Map(rows.map((row) => [`${row.trace}/${Buffer.from(row.span_id).toString("hex")}`, row])).values()];
}

function traceOf({ traceId }: Span): string {
  return `tr-${Buffer.from(traceId).toString("hex")}`;
}

function column<Name extends keyof SpanRow>(rows: readonly SpanRow[], name: Name): SpanRow[Name][] {
  return rows.map((row) => row[name]);
}

/** The driver takes Buffers for bytes. */
function bytes(rows: readonly SpanRow[], name: "span_id" | "encoded"): Buffer[] {
  return rows.map((row) => Buffer.from(row[name]));
}
