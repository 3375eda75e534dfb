/**
 * Assessments between messages and rows.
 * @module
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type Assessment,
  type AssessmentError,
  AssessmentKind,
  AssessmentSchema,
} from "@mintmark/proto/mintmark/tracking/v1/trace";
import { sql } from "kysely";
import { invalid, requireText } from "../fields.ts";
import { millisecondsOf } from "../request-time.ts";
import { requireTraceEntries } from "./trace-text.ts";

const maxName = 250;
const maxText = 65_535;

/** As `jsonb_to_recordset` reads it. @throws AppError REQUEST_INVALID */
export function assessmentRow(assessment: Assessment) {
  const { kind, name, rationale, sourceType, sourceId, spanId, metadata, createTime, updateTime } = assessment;
  return {
    kind: requireKind(kind),
    name: requireName(name),
    ...valueColumns(assessment),
    source_type: requireText("source_type", sourceType, 250),
    source_id: requireText("source_id", sourceId, 250),
    rationale: rationale === undefined ? null : requireText("rationale", rationale, maxText),
    span_id: requireText("span_id", spanId, 50),
    metadata: requireTraceEntries("metadata", metadata),
    created_ms: msOf("create_time", createTime),
    updated_ms: msOf("update_time", updateTime ?? createTime),
  };
}

/** @throws AppError REQUEST_INVALID */
export function requireName(name: string): string {
  const field = "name of the assessment";
  if (name === "") throw invalid(field, "must not be empty");
  return requireText(field, name, maxName);
}

/** @throws AppError REQUEST_INVALID */
export function requireRationale(rationale: string): string {
  return requireText("rationale", rationale, maxText);
}

/** @throws AppError REQUEST_INVALID */
export function valueColumns({ kind, valueJson, error }: Value) {
  return {
    value_json: requireValue(kind, valueJson === "" ? "null" : valueJson),
    error_code: requireText("error.code", error?.code ?? "", maxText),
    error_message: error === undefined ? null : requireText("error.message", error.message, maxText),
    error_stack: requireText("error.stack_trace", error?.stackTrace ?? "", maxText),
  };
}

interface Value {
  readonly kind: AssessmentKind;
  readonly valueJson: string;
  readonly error?: AssessmentError | undefined;
}

/** What {@link assessmentColumns} select. */
export interface AssessmentRow {
  readonly id: string;
  readonly trace: string;
  readonly kind: AssessmentKind;
  readonly name: string;
  readonly value_json: string;
  readonly error_code: string;
  readonly error_message: string | null;
  readonly error_stack: string;
  readonly source_type: string;
  readonly source_id: string;
  readonly rationale: string | null;
  readonly span_id: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly created_ms: number;
  readonly updated_ms: number;
  readonly overrides: string | null;
  readonly valid: boolean;
}

/** An object of JSON, of `assessment a` in `trace t`. */
export const assessmentJson = sql`jsonb_build_object(
  'id', a.id, 'trace', t.id, 'kind', a.kind, 'name', a.name, 'value_json', a.value_json, 'error_code', a.error_code,
  'error_message', a.error_message, 'error_stack', a.error_stack, 'source_type', a.source_type, 'source_id', a.source_id,
  'rationale', a.rationale, 'span_id', a.span_id, 'metadata', a.metadata,
  'created_ms', round(extract(epoch from a.created_at) * 1000), 'updated_ms', round(extract(epoch from a.updated_at) * 1000),
  'overrides', (select o.id from assessment o where o.assessment_pk = a.overrides_pk),
  'valid', not exists (select from assessment o where o.overrides_pk = a.assessment_pk))`;

export function assessmentMessage(row: AssessmentRow): Assessment {
  const message: MessageInitShape<typeof AssessmentSchema> = {
    id: formatAssessmentId(row.id),
    traceId: row.trace,
    name: row.name,
    kind: row.kind,
    valueJson: row.value_json,
    sourceType: row.source_type,
    sourceId: row.source_id,
    createTime: timestampFromMs(row.created_ms),
    updateTime: timestampFromMs(row.updated_ms),
    spanId: row.span_id,
    overrides: row.overrides === null ? "" : formatAssessmentId(row.overrides),
    valid: row.valid,
    metadata: { ...row.metadata },
  };
  if (row.rationale !== null) message.rationale = row.rationale;
  if (row.error_message !== null)
    message.error = { code: row.error_code, message: row.error_message, stackTrace: row.error_stack };
  return create(AssessmentSchema, message);
}

/** As the database takes it; undefined for text that can be no assessment's id. */
export function parseAssessmentId(id: string): string | undefined {
  return /^a-[0-9a-f]{32}$/.test(id) ? id.slice(2) : undefined;
}

/** As it is shown. */
export function formatAssessmentId(uuid: string): string {
  return `a-${uuid.replaceAll("-", "")}`;
}

function requireKind(kind: AssessmentKind): AssessmentKind {
  if (kind !== AssessmentKind.FEEDBACK && kind !== AssessmentKind.EXPECTATION)
    throw invalid("kind", "must be feedback or expectation");
  return kind;
}

function requireValue(kind: AssessmentKind, text: string): string {
  const value = parsed(requireText("value_json", text, maxText));
  if (kind === AssessmentKind.EXPECTATION && value === null)
    throw invalid("value_json", "must not be null in an expectation");
  return text;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw invalid("value_json", "must be JSON");
  }
}

function msOf(field: string, time: Timestamp | undefined): number {
  return time === undefined ? Date.now() : millisecondsOf(field, time);
}
