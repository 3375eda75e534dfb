/**
 * What people and programs think of traces: written, read, changed and taken back.
 * @module
 */
import { AppError } from "@mintmark/errors";
import type { Assessment } from "@mintmark/proto/mintmark/tracking/v1/trace";
import type { UpdateAssessmentRequest } from "@mintmark/proto/mintmark/tracking/v1/trace_service";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { invalid } from "../fields.ts";
import {
  type AssessmentRow,
  assessmentJson,
  assessmentMessage,
  assessmentRow,
  formatAssessmentId,
  parseAssessmentId,
  requireName,
  requireRationale,
  valueColumns,
} from "./assessment-row.ts";
import { requireTraceEntries, requireTraceId } from "./trace-text.ts";

export interface AboutAssessment {
  readonly traceId: string;
  readonly id: string;
}

/** @throws AppError REQUEST_INVALID, TRACE_NOT_FOUND, ASSESSMENT_NOT_FOUND if there is none that it could stand in for */
export async function createAssessment(db: Db, assessment: Assessment): Promise<Assessment> {
  const { traceId, overrides } = assessment;
  const row = assessmentRow(assessment);
  const overridden = overrides === "" ? null : requireId({ traceId, id: overrides });
  const { rows } = await sql<{ id: string }>`
    insert into assessment (trace_pk, kind, name, value_json, error_code, error_message, error_stack, source_type, source_id,
      rationale, span_id, metadata, created_at, updated_at, overrides_pk)
    select t.trace_pk, ${row.kind}, ${row.name}, ${row.value_json}, ${row.error_code}, ${row.error_message},
      ${row.error_stack}, ${row.source_type}, ${row.source_id}, ${row.rationale}, ${row.span_id},
      ${JSON.stringify(row.metadata)}::jsonb, to_timestamp(${row.created_ms} / 1000.0),
      to_timestamp(${row.updated_ms} / 1000.0), o.assessment_pk
    from trace t left join assessment o on o.trace_pk = t.trace_pk and o.id = ${overridden}::uuid
    where t.id = ${requireTraceId(traceId)} and (${overridden}::uuid is null or o.assessment_pk is not null)
    returning id`.execute(db);
  if (rows[0] === undefined) throw await notFound(db, { traceId, id: overrides });
  return find(db, { traceId, id: formatAssessmentId(rows[0].id) });
}

/** @throws AppError TRACE_NOT_FOUND, ASSESSMENT_NOT_FOUND */
export async function getAssessment(db: Db, about: AboutAssessment): Promise<Assessment> {
  return find(db, about);
}

/** @throws AppError REQUEST_INVALID if it is of another kind, TRACE_NOT_FOUND, ASSESSMENT_NOT_FOUND */
export async function updateAssessment(db: Db, request: UpdateAssessmentRequest): Promise<Assessment> {
  const { traceId, id, name, value, rationale, metadata } = request;
  const found = await find(db, { traceId, id });
  if (value !== undefined && value.kind !== found.kind)
    throw invalid("value.kind", "must be that of the assessment, which stays");
  const changes = {
    ...(name === undefined ? {} : { name: requireName(name) }),
    ...(value === undefined ? {} : valueColumns(value)),
    ...(rationale === undefined ? {} : { rationale: requireRationale(rationale) }),
  };
  await db
    .updateTable("assessment")
    .set({
      ...changes,
      metadata: sql`metadata || ${JSON.stringify(requireTraceEntries("metadata", metadata))}::jsonb`,
      updated_at: sql`clock_timestamp()`,
    })
    .where("id", "=", requireId({ traceId, id }))
    .execute();
  return find(db, { traceId, id });
}

/** Nothing happens if it is not there. @throws AppError TRACE_NOT_FOUND */
export async function deleteAssessment(db: Db, { traceId, id }: AboutAssessment): Promise<void> {
  const { rows } = await sql`
    with own as (select trace_pk from trace where id = ${requireTraceId(traceId)}), gone as (
      delete from assessment a using own where a.trace_pk = own.trace_pk and a.id = ${parseAssessmentId(id) ?? null}::uuid
    )
    select 1 from own`.execute(db);
  if (rows.length === 0) throw new AppError("TRACE_NOT_FOUND", { trace: traceId });
}

async function find(db: Db, about: AboutAssessment): Promise<Assessment> {
  const { rows } = await sql<{ assessment: AssessmentRow }>`
    select ${assessmentJson} as assessment from trace t join assessment a using (trace_pk)
    where t.id = ${requireTraceId(about.traceId)} and a.id = ${parseAssessmentId(about.id) ?? null}::uuid`.execute(db);
  if (rows[0] === undefined) throw await notFound(db, about);
  return assessmentMessage(rows[0].assessment);
}

function requireId({ traceId, id }: AboutAssessment): string {
  const uuid = parseAssessmentId(id);
  if (uuid === undefined) throw new AppError("ASSESSMENT_NOT_FOUND", { trace: traceId, assessment: id });
  return uuid;
}

async function notFound(db: Db, { traceId, id }: AboutAssessment): Promise<AppError> {
  const trace = await db.selectFrom("trace").select("trace_pk").where("id", "=", traceId).executeTakeFirst();
  return trace === undefined
    ? new AppError("TRACE_NOT_FOUND", { trace: traceId })
    : new AppError("ASSESSMENT_NOT_FOUND", { trace: traceId, assessment: id });
}
