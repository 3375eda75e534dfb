/**
 * Changes the status or the name of a run.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { formatRunId, parseRunId } from "./run-id.ts";
import { hasEnded } from "./run-status.ts";

export interface UpdateRun {
  readonly id: string;
  /** Unchanged if not stated. */
  readonly status: RunStatus;
  /** Unchanged if empty. */
  readonly name: string;
  readonly actor: string;
}

/**
 * @returns the number of the event
 * @throws AppError RUN_NOT_FOUND; RUN_IS_JOB if the status of a job is to be changed
 */
export async function updateRun(db: Db, { id, status, name, actor }: UpdateRun): Promise<bigint> {
  const uuid = parseRunId(id);
  const newStatus = status === RunStatus.UNSPECIFIED ? null : status;
  const kind = hasEnded(status) ? "run.ended" : "run.updated";
  const { rows } = await sql<{ event: bigint }>`
    with changed as (
      update run set
        name = coalesce(nullif(${name}, ''), name),
        status = coalesce(${newStatus}, status),
        started_at = case when ${newStatus}::int >= 2 then coalesce(started_at, clock_timestamp()) else started_at end,
        ended_at = case when ${newStatus}::int is null then ended_at
                        when ${newStatus}::int >= 3 then coalesce(ended_at, clock_timestamp()) end
      where run_id = ${uuid}::uuid and (not is_job or ${newStatus}::int is null)
      returning run_id, status
    )
    select pg_notify('mintmark_run', ${formatRunId(uuid)}),
      record_event(${kind}, null, ${actor}, jsonb_build_object('run', ${formatRunId(uuid)}::text, 'status', status)) as event
    from changed`.execute(db);
  const event = rows[0]?.event;
  if (event !== undefined) return event;
  const found = await db.selectFrom("run").select("run_pk").where("run_id", "=", uuid).executeTakeFirst();
  throw found === undefined ? new AppError("RUN_NOT_FOUND", { run: id }) : new AppError("RUN_IS_JOB", { run: id });
}
