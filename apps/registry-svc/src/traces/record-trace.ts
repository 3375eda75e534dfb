/**
 * Keeps what the maker of a trace says about it, all of it or nothing.
 * @module
 */
import { durationMs } from "@bufbuild/protobuf/wkt";
import { AppError } from "@mintmark/errors";
import type { Trace } from "@mintmark/proto/mintmark/tracking/v1/trace";
import { sql } from "kysely";
import { prepared } from "../db/prepared.ts";
import type { Db } from "../db/schema.ts";
import { parseExperimentId } from "../experiments/experiment-id.ts";
import { invalid, requireText } from "../fields.ts";
import { millisecondsOf } from "../request-time.ts";
import { assessmentRow } from "./assessment-row.ts";
import { requireTraceEntries, requireTraceId } from "./trace-text.ts";

const maxPreview = 10_000;
/** What JSON can show of a duration: about 10,000 years. */
const maxDurationMs = 315_576_000_000_000;

/** @throws AppError REQUEST_INVALID, EXPERIMENT_NOT_FOUND, EXPERIMENT_DELETED, TRACE_ELSEWHERE */
export async function recordTrace(db: Db, trace: Trace): Promise<void> {
  if (trace.assessments.length === 0) return record(db, trace);
  await db.transaction().execute(async (tx) => {
    // Of two copies of one call at once, the second has to see what the first has kept.
    await sql`select pg_advisory_xact_lock(hashtextextended(${requireTraceId(trace.id)}, ${seed}))`.execute(tx);
    await record(tx, trace);
  });
}

/** Tells these locks from other advisory locks of the database. */
const seed = 11;

async function record(db: Db, trace: Trace): Promise<void> {
  const { experimentId, clientRequestId, requestPreview, responsePreview, metadata, tags, assessments } = trace;
  const id = requireTraceId(trace.id);
  requireTraceEntries("metadata", metadata);
  requireTraceEntries("tag", tags);
  requireText("client_request_id", clientRequestId, 250);
  requireText("request_preview", requestPreview ?? "", maxPreview);
  requireText("response_preview", responsePreview ?? "", maxPreview);
  const experiment = parseExperimentId(experimentId);
  const { rows } = await sql`${prepared}
    with before as (
      select 1 from trace where id = ${id} and recorded
    ), kept as (
      insert into trace (id, experiment_pk, started_ms, duration_ms, state, recorded, client_request_id, request_preview,
        response_preview)
      select ${id}, experiment_pk, ${startedMs(trace)}, ${tookMs(trace)}, ${trace.state}, true,
        nullif(${clientRequestId}, ''), ${requestPreview ?? null}, ${responsePreview ?? null}
      from experiment where experiment_pk = ${experiment} and deleted_at is null
      on conflict (id) do update set started_ms = excluded.started_ms, duration_ms = excluded.duration_ms,
        state = excluded.state, recorded = true, client_request_id = excluded.client_request_id,
        request_preview = excluded.request_preview, response_preview = excluded.response_preview
      where trace.experiment_pk = excluded.experiment_pk
      returning trace_pk, experiment_pk
    ), tagged as (
      insert into trace_tag (trace_pk, experiment_pk, key_id, value)
      select trace_pk, experiment_pk, key_of(key), value from kept, jsonb_each_text(${JSON.stringify(tags)}::jsonb)
      on conflict (trace_pk, key_id) do update set value = excluded.value
    ), described as (
      insert into trace_metadata (trace_pk, experiment_pk, key_id, value)
      select trace_pk, experiment_pk, key_of(key), value from kept, jsonb_each_text(${JSON.stringify(metadata)}::jsonb)
      on conflict (trace_pk, key_id) do update set value = excluded.value
    ), assessed as (
      -- Once only: they have no identity yet by which a repeated call could be told from another assessment.
      insert into assessment (trace_pk, kind, name, value_json, error_code, error_message, error_stack, source_type, source_id,
        rationale, span_id, metadata, created_at, updated_at)
      select trace_pk, kind, name, value_json, error_code, error_message, error_stack, source_type, source_id,
        rationale, span_id, metadata, to_timestamp(created_ms / 1000.0), to_timestamp(updated_ms / 1000.0)
      from kept, jsonb_to_recordset(${JSON.stringify(assessments.map(assessmentRow))}::jsonb) as given (kind smallint, name text,
        value_json text, error_code text, error_message text, error_stack text, source_type text, source_id text,
        rationale text, span_id text, metadata jsonb, created_ms bigint, updated_ms bigint)
      where not exists (select from before)
    )
    select 1 from kept`.execute(db);
  if (rows.length === 0) throw await refusal(db, experiment, id);
}

/** Why a trace cannot be kept in an experiment. */
export async function refusal(db: Db, experiment: number, trace: string): Promise<AppError> {
  const found = await db
    .selectFrom("experiment")
    .select("deleted_at")
    .where("experiment_pk", "=", experiment)
    .executeTakeFirst();
  const id = String(experiment);
  if (found === undefined) return new AppError("EXPERIMENT_NOT_FOUND", { experiment: id });
  if (found.deleted_at !== null) return new AppError("EXPERIMENT_DELETED", { experiment: id });
  return new AppError("TRACE_ELSEWHERE", { trace, experiment: id });
}

function startedMs({ startTime }: Trace): number {
  return startTime === undefined ? Date.now() : millisecondsOf("start_time of the trace", startTime);
}

function tookMs({ duration }: Trace): number | null {
  if (duration === undefined) return null;
  const ms = Math.round(durationMs(duration));
  if (!(ms >= 0 && ms <= maxDurationMs)) throw invalid("duration", `must be 0 to ${maxDurationMs} ms, got ${ms} ms`);
  return ms;
}
