/**
 * What a job writes: added by its present attempt, read by anybody.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type LogLine, LogLineSchema } from "@mintmark/proto/mintmark/training/v1/job";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { invalid, requireCount } from "../fields.ts";
import { cutPage, pageSize, pageToken, readNumberToken } from "../paging.ts";
import { dateOf } from "../request-time.ts";
import { type Attempt, requireAttempt } from "./attempt.ts";
import { findJobRow } from "./find-job.ts";

const maxLines = 1_000;
/** Longer lines are cut: a job must not fail over what it says. */
const maxLineLength = 16_000;
const sizes = { most: 10_000, usual: 1_000 };
const levels = ["debug", "info", "warn", "error"];

/** @throws AppError ATTEMPT_LOST, REQUEST_INVALID */
export async function appendLogs(db: Db, attempt: Attempt, lines: readonly LogLine[]): Promise<void> {
  requireCount("lines", lines.length, maxLines);
  const level = lines.find((line) => !levels.includes(line.level))?.level;
  if (level !== undefined) throw invalid("lines.level", `must be of ${levels.join(", ")}, got '${level}'`);
  const { rows } = await sql`
    with grown as (
      update run set log_lines = log_lines + ${lines.length} where ${attempt.holds}
      returning run_pk, log_lines - ${lines.length} as before
    ), added as (
      insert into job_log (run_pk, number, at, level, text)
      select run_pk, before + line.number, line.at, line.level, line.text
      from grown, unnest(
        ${lines.map(({ time }) => (dateOf("lines.time", time) ?? new Date()).toISOString())}::timestamptz[],
        ${lines.map((line) => line.level)}::text[],
        ${lines.map(({ text }) => storable(text))}::text[]
      ) with ordinality as line (at, level, text, number) returning 1
    )
    select pg_notify('mintmark_run', ${attempt.runId}) from grown`.execute(db);
  requireAttempt(attempt, rows[0]);
}

/** The lines after a page token, the oldest first. @throws AppError JOB_NOT_FOUND, PAGE_TOKEN_INVALID, REQUEST_INVALID */
export async function listJobLogs(
  db: Db,
  { id, size: requested, token }: { id: string; size: number; token: string },
): Promise<{ lines: LogLine[]; next: string }> {
  const size = pageSize(requested, sizes);
  const after = readNumberToken("logs", token) ?? 0n;
  const { run_pk } = await findJobRow(db, id);
  const rows = await db
    .selectFrom("job_log")
    .select(["number", "at", "level", "text"])
    .where("run_pk", "=", run_pk)
    .where("number", ">", after)
    .orderBy("number")
    .limit(size + 1)
    .execute();
  const { page, next } = cutPage(rows, size, (last) => pageToken("logs", [String(last.number)]));
  const lines = page.map(({ at, ...line }) => create(LogLineSchema, { ...line, time: timestampFromDate(at) }));
  return { lines, next };
}

/** Text that the database takes: no NUL, no half of a surrogate pair. */
export function storable(text: string): string {
  const cut = text.length > maxLineLength ? `${text.slice(0, maxLineLength)}…` : text;
  return cut.replaceAll("\0", "\uFFFD").toWellFormed();
}
