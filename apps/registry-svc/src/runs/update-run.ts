/**
 * Changes the status, the end or the name of a run.
 * @module
 */
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { AppError } from "@mintmark/errors";
import { formatRunId, parseRunId } from "@mintmark/names/run-id";
import { RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { invalid, requireText } from "../fields.ts";
import { dateOf } from "../request-time.ts";
import { hasEnded, jobStatusNames } from "./run-status.ts";
import { maxRunName } from "./run-tags.ts";

export interface UpdateRun {
  readonly id: string;
  /** Unchanged if not stated. */
  readonly status: RunStatus;
  /** Unchanged if empty. */
  readonly name: string;
  /** Now if the run ends and this is not stated. */
  readonly endTime?: Timestamp | undefined;
  readonly actor: string;
}

/**
 * @returns the number of the event
 * @throws AppError RUN_NOT_FOUND, RUN_DELETED, REQUEST_INVALID; RUN_IS_JOB if the status or end of a job is to be changed
 */
export async function updateRun(db: Db, { id, status, name, endTime, actor }: UpdateRun): Promise<bigint> {
  const uuid = parseRunId(id);
  requireText("name of the run", name, maxRunName);
  if (status !== RunStatus.UNSPECIFIED && !(status in jobStatusNames))
    throw invalid("status", `must be one of the states, got ${status}`);
  const newStatus = status === RunStatus.UNSPECIFIED ? null : status;
  const end = dateOf("end_time", endTime);
  const kind = hasEnded(status) ? "run.ended" : "run.updated";
  const { rows } = await sql<{ event: bigint }>`
    with changed as (
      update run set
        ${name === "" ? sql`` : sql`name = ${name},`}
        status = coalesce(${newStatus}, status),
        started_at = case when ${newStatus}::int >= 2 then coalesce(started_at, clock_timestamp()) else started_at end,
        ended_at = case when ${end}::timestamptz is not null then ${end}::timestamptz
                        when ${newStatus}::int is null then ended_at
                        when ${newStatus}::int >= 3 then coalesce(ended_at, clock_timestamp()) end
      where run_id = ${uuid}::uuid and deleted_at is null
        and (not is_job or (${newStatus}::int is null and ${end}::timestamptz is null))
      returning run_id, status
    )
    select pg_notify('mintmark_run', ${formatRunId(uuid)}),
      record_event(${kind}, null, ${actor}, jsonb_build_object('run', ${formatRunId(uuid)}::text, 'status', status)) as event
    from changed`.execute(db);
  return rows[0]?.event ?? refused(db, id);
}

async function refused(db: Db, id: string): Promise<never> {
  const run = await db.selectFrom("run").select("deleted_at").where("run_id", "=", parseRunId(id)).executeTakeFirst();
  if (run === undefined) throw new AppError("RUN_NOT_FOUND", { run: id });
  throw new AppError(run.deleted_at === null ? "RUN_IS_JOB" : "RUN_DELETED", { run: id });
}
