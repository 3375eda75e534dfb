/**
 * Reads traces whole: with metadata, tags, assessments and, where asked for, spans.
 * @module
 */
import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AppError } from "@mintmark/errors";
import {
  type Trace,
  type TraceContent,
  TraceContentSchema,
  TraceSchema,
  type TraceState,
} from "@mintmark/proto/mintmark/tracking/v1/trace";
import { type Span, SpanSchema } from "@mintmark/proto/opentelemetry/proto/trace/v1/trace";
import { pathOfArtifactUri } from "@mintmark/registry-client";
import { type RawBuilder, sql } from "kysely";
import { prepared } from "../db/prepared.ts";
import type { Db } from "../db/schema.ts";
import { traceArtifactUri } from "../experiments/artifact-location.ts";
import { invalid } from "../fields.ts";
import type { Placed } from "../page-rows.ts";
import { type AssessmentRow, assessmentJson, assessmentMessage } from "./assessment-row.ts";

export interface TraceRow extends Placed {
  readonly trace_pk: bigint;
  readonly id: string;
  readonly experiment_pk: number;
  readonly artifact_location: string;
  readonly started_ms: bigint;
  readonly duration_ms: bigint | null;
  readonly state: TraceState;
  readonly client_request_id: string | null;
  readonly request_preview: string | null;
  readonly response_preview: string | null;
  readonly tags: Readonly<Record<string, string>> | null;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly assessments: readonly AssessmentRow[] | null;
  readonly has_spans: boolean;
}

/** @throws AppError TRACE_NOT_FOUND */
export async function findTrace(db: Db, id: string, withSpans: boolean): Promise<TraceContent> {
  const [content] = await findTraces(db, [id], withSpans);
  if (content === undefined) throw new AppError("TRACE_NOT_FOUND", { trace: id });
  return content;
}

/** Those that are there, in the order of `ids`. @throws AppError REQUEST_INVALID if their spans are too many for one answer */
export async function findTraces(db: Db, ids: readonly string[], withSpans: boolean): Promise<readonly TraceContent[]> {
  const sought = ids.filter((id) => id.isWellFormed() && !id.includes("\0"));
  const rows = await readTraces(
    db,
    sql`select t.*, own.place from unnest(${sought}::text[]) with ordinality as own (id, place) join trace t using (id)`,
  );
  const spans = withSpans ? await readSpans(db, rows) : undefined;
  return rows.map((row) =>
    create(TraceContentSchema, { trace: traceMessage(row), spans: spans?.get(row.trace_pk) ?? [] }),
  );
}

/** What is to be known of `traces`, a query of whole rows of `trace` with their `place`, in that order. */
export async function readTraces(db: Db, traces: RawBuilder<unknown>): Promise<readonly TraceRow[]> {
  const { rows } = await sql<TraceRow>`${prepared}
    select t.place, t.trace_pk, t.id, t.experiment_pk, e.artifact_location, t.started_ms, t.duration_ms, t.state, t.client_request_id,
      t.request_preview, t.response_preview, tags.*, metadata.*, assessments.*,
      exists (select from span s where s.trace_pk = t.trace_pk) as has_spans
    from (${traces}) t join experiment e using (experiment_pk)
    cross join lateral (
      select jsonb_object_agg(k.name, g.value) as tags
      from trace_tag g join key_name k using (key_id) where g.trace_pk = t.trace_pk) tags
    cross join lateral (
      select jsonb_object_agg(k.name, m.value) as metadata
      from trace_metadata m join key_name k using (key_id) where m.trace_pk = t.trace_pk) metadata
    cross join lateral (
      select jsonb_agg(${assessmentJson} order by a.assessment_pk) as assessments
      from assessment a where a.trace_pk = t.trace_pk) assessments
    order by t.place`.execute(db);
  return withEmpty(db, rows);
}

/** A trace whose files are kept here, and among them no spans, has its spans in the database: none so far. */
async function withEmpty(db: Db, rows: readonly TraceRow[]): Promise<readonly TraceRow[]> {
  const sought = rows.filter((row) => !row.has_spans).map(spansFile);
  const files = sought.filter((path) => path !== undefined);
  if (files.length === 0) return rows;
  const found = await db.selectFrom("stored_file").select("path").where("path", "in", files).execute();
  const there = new Set(found.map(({ path }) => path));
  const isEmpty = (file: string | undefined) => file !== undefined && !there.has(file);
  return rows.map((row) => ({ ...row, has_spans: row.has_spans || isEmpty(spansFile(row)) }));
}

/** Where clients keep the spans that they do not send; `undefined` if that is elsewhere. */
function spansFile(row: TraceRow): string | undefined {
  const folder = pathOfArtifactUri(artifactUri(row));
  return folder && `${folder}/traces.json`;
}

function artifactUri({ experiment_pk, artifact_location, id }: TraceRow): string {
  return traceArtifactUri(experiment_pk, artifact_location, id);
}

export function traceMessage(row: TraceRow): Trace {
  const message: MessageInitShape<typeof TraceSchema> = {
    id: row.id,
    experimentId: String(row.experiment_pk),
    clientRequestId: row.client_request_id ?? "",
    startTime: timestampFromMs(Number(row.started_ms)),
    state: row.state,
    metadata: { ...row.metadata },
    tags: { ...row.tags },
    assessments: (row.assessments ?? []).map(assessmentMessage),
    artifactUri: artifactUri(row),
    hasSpans: row.has_spans,
  };
  if (row.duration_ms !== null) message.duration = durationFromMs(Number(row.duration_ms));
  if (row.request_preview !== null) message.requestPreview = row.request_preview;
  if (row.response_preview !== null) message.responsePreview = row.response_preview;
  return create(TraceSchema, message);
}

/** Half of what all calls on one connection share. */
const maxSpanBytes = 32 * 1024 * 1024;

async function readSpans(db: Db, traces: readonly TraceRow[]): Promise<ReadonlyMap<bigint, Span[]>> {
  await requireFewSpans(db, traces);
  const { rows } = await sql<{ trace_pk: bigint; encoded: Uint8Array }>`
    select trace_pk, encoded from span where trace_pk = any(${traces.map(({ trace_pk }) => trace_pk)}::bigint[])
    order by trace_pk, started_ns, is_root desc, span_id`.execute(db);
  const spans = new Map<bigint, Span[]>(traces.map(({ trace_pk }) => [trace_pk, []]));
  for (const { trace_pk, encoded } of rows) spans.get(trace_pk)!.push(fromBinary(SpanSchema, encoded));
  return spans;
}

/** One trace is answered whatever it weighs. */
async function requireFewSpans(db: Db, traces: readonly TraceRow[]): Promise<void> {
  if (traces.length < 2) return;
  const { rows } = await sql<{ upto: bigint }>`
    select (sum(coalesce(bytes, 0)) over (order by place))::int8 as upto
    from unnest(${traces.map(({ trace_pk }) => trace_pk)}::bigint[]) with ordinality as asked (trace_pk, place)
    cross join lateral (select sum(octet_length(encoded)) as bytes from span s where s.trace_pk = asked.trace_pk) spans
    order by place`.execute(db);
  const fitting = rows.filter(({ upto }) => upto <= maxSpanBytes).length;
  if (fitting === rows.length) return;
  const all = `the spans of these ${rows.length} traces take ${rows.at(-1)!.upto} bytes of at most ${maxSpanBytes}`;
  throw invalid("ids", `must be fewer: ${all}; ask for the first ${Math.max(1, fitting)} by themselves`);
}
