/**
 * Tags and runs of traces, and their end.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { parseRunId } from "@mintmark/names/run-id";
import { pathOfArtifactUri } from "@mintmark/registry-client";
import { type RawBuilder, sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { artifactLocation } from "../experiments/artifact-location.ts";
import { parseExperimentId } from "../experiments/experiment-id.ts";
import { invalid, requireCount, requireText } from "../fields.ts";
import { requireTraceEntries, requireTraceId } from "./trace-text.ts";

export interface TraceTag {
  readonly id: string;
  readonly key: string;
}

/** @throws AppError REQUEST_INVALID, TRACE_NOT_FOUND */
export async function setTraceTag(db: Db, { id, key, value }: TraceTag & { readonly value: string }): Promise<void> {
  requireTraceEntries("tag", { [key]: value });
  const { rows } = await sql`
    insert into trace_tag (trace_pk, experiment_pk, key_id, value)
    select trace_pk, experiment_pk, key_of(${key}), ${value} from trace where id = ${requireTraceId(id)}
    on conflict (trace_pk, key_id) do update set value = excluded.value returning 1`.execute(db);
  if (rows.length === 0) throw new AppError("TRACE_NOT_FOUND", { trace: id });
}

/** @throws AppError TRACE_NOT_FOUND, TAG_NOT_FOUND */
export async function deleteTraceTag(db: Db, { id, key }: TraceTag): Promise<void> {
  const { rows } = await sql<{ gone: boolean }>`
    with own as (select trace_pk from trace where id = ${requireTraceId(id)}), gone as (
      delete from trace_tag g using own, key_name k
      where g.trace_pk = own.trace_pk and g.key_id = k.key_id and k.name = ${requireText("key", key, 250)} returning 1
    )
    select exists (select from gone) as gone from own`.execute(db);
  if (rows[0] === undefined) throw new AppError("TRACE_NOT_FOUND", { trace: id });
  if (!rows[0].gone) throw new AppError("TAG_NOT_FOUND", { of: `trace ${id}`, key });
}

const maxLinks = 100;

/** @throws AppError REQUEST_INVALID, RUN_NOT_FOUND */
export async function linkTraces(db: Db, runId: string, traceIds: readonly string[]): Promise<void> {
  requireCount("trace_ids", traceIds.length, maxLinks);
  const { rows } = await sql`
    with own as (select run_pk from run where run_id = ${parseRunId(runId)}::uuid), linked as (
      insert into trace_run (trace_pk, run_pk)
      select trace_pk, run_pk from own, trace where id = any(${traceIds.map(requireTraceId)}::text[]) on conflict do nothing
    )
    select 1 from own`.execute(db);
  if (rows.length === 0) throw new AppError("RUN_NOT_FOUND", { run: runId });
}

export interface DeleteTraces {
  readonly experimentId: string;
  readonly ids: readonly string[];
  readonly maxTimestampMs?: bigint | undefined;
  readonly maxTraces?: number | undefined;
}

const maxIds = 1_000;
/** At 0.05 to 0.5 ms for a trace with all that hangs on it, far from what a statement may take. */
const atOnce = 10_000;

/**
 * The oldest first, so that what is left of them where it fails is deleted by the same call again.
 * @returns how many there were
 * @throws AppError REQUEST_INVALID
 */
export async function deleteTraces(db: Db, request: DeleteTraces): Promise<number> {
  const { ids, maxTimestampMs, maxTraces } = checked(request);
  const experiment = parseExperimentId(request.experimentId);
  const files = await filesOfTraces(db, experiment);
  const which = ids.length > 0 ? sql`id = any(${ids}::text[])` : sql`started_ms <= ${maxTimestampMs}`;
  let deleted = 0;
  for (let left = maxTraces ?? Number.POSITIVE_INFINITY; left > 0; ) {
    const most = Math.min(left, atOnce);
    const gone = await deleteOldest(db, { which: sql`experiment_pk = ${experiment} and ${which}`, most, files });
    deleted += gone;
    left = gone < most ? 0 : left - gone;
  }
  return deleted;
}

interface DeleteOldest {
  readonly which: RawBuilder<unknown>;
  readonly most: number;
  /** What the paths of their files begin with; null if they are kept elsewhere. */
  readonly files: string | null;
}

async function deleteOldest(db: Db, { which, most, files }: DeleteOldest): Promise<number> {
  const { rows } = await sql<{ deleted: bigint }>`
    with chosen as (
      select trace_pk from trace where ${which}
      order by started_ms, trace_pk limit ${most} for update
    ), gone as (
      delete from trace t using chosen where t.trace_pk = chosen.trace_pk returning t.id
    ), files as (
      -- '0' follows '/': all that begins with the folder's path.
      delete from stored_file f using gone
      where f.path > ${files}::text || gone.id || '/' and f.path < ${files}::text || gone.id || '0'
    )
    select count(*) as deleted from gone`.execute(db);
  return Number(rows[0]!.deleted);
}

/** What the paths of all files of an experiment's traces begin with; null if they are kept elsewhere. */
async function filesOfTraces(db: Db, experiment: number): Promise<string | null> {
  const row = await db
    .selectFrom("experiment")
    .select("artifact_location")
    .where("experiment_pk", "=", experiment)
    .executeTakeFirst();
  const root = row && pathOfArtifactUri(artifactLocation(experiment, row.artifact_location));
  return root === undefined ? null : `${root}/traces/`;
}

function checked(request: DeleteTraces): DeleteTraces {
  const { ids, maxTimestampMs, maxTraces } = request;
  requireCount("ids", ids.length, maxIds);
  for (const id of ids) requireTraceId(id);
  if ((ids.length === 0) === (maxTimestampMs === undefined))
    throw invalid("ids", "or max_timestamp_ms must be given, and not both");
  if (maxTraces !== undefined && ids.length > 0) throw invalid("max_traces", "cannot be given with ids");
  if (maxTraces !== undefined && maxTraces <= 0) throw invalid("max_traces", `must be positive, got ${maxTraces}`);
  return request;
}
