/**
 * Deletes runs and brings them back. What is deleted is kept, and hidden from whoever does not ask for it.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { formatRunId, parseRunId } from "@mintmark/names/run-id";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";

export interface DeleteRun {
  readonly id: string;
  readonly actor: string;
}

/**
 * @returns the number of the event; undefined if it is deleted already
 * @throws AppError RUN_NOT_FOUND
 */
export function deleteRun(db: Db, request: DeleteRun): Promise<bigint | undefined> {
  return setDeleted(db, request, true);
}

/**
 * @returns the number of the event; undefined if it is not deleted
 * @throws AppError RUN_NOT_FOUND
 */
export function restoreRun(db: Db, request: DeleteRun): Promise<bigint | undefined> {
  return setDeleted(db, request, false);
}

async function setDeleted(db: Db, { id, actor }: DeleteRun, deleted: boolean): Promise<bigint | undefined> {
  const uuid = parseRunId(id);
  const { rows } = await sql<{ event: bigint }>`
    with changed as (
      update run set deleted_at = case when ${deleted} then clock_timestamp() end
      where run_id = ${uuid}::uuid and (deleted_at is null) = ${deleted}
      returning run_id
    )
    select record_event(${deleted ? "run.deleted" : "run.restored"}, null, ${actor},
      jsonb_build_object('run', ${formatRunId(uuid)}::text)) as event
    from changed`.execute(db);
  if (rows[0] !== undefined) return rows[0].event;
  const found = await db.selectFrom("run").select("run_pk").where("run_id", "=", uuid).executeTakeFirst();
  if (found === undefined) throw new AppError("RUN_NOT_FOUND", { run: id });
  return undefined;
}
