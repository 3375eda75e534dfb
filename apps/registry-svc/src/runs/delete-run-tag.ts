/**
 * Removes one tag of a run.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { parseRunId } from "@mintmark/names/run-id";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";

/** @throws AppError RUN_NOT_FOUND, RUN_DELETED, TAG_NOT_FOUND */
export async function deleteRunTag(db: Db, { id, key }: { readonly id: string; readonly key: string }): Promise<void> {
  const { rows } = await sql<{ deleted: boolean; removed: boolean }>`
    with target as (
      select run_pk, deleted_at from run where run_id = ${parseRunId(id)}::uuid for no key update
    ), removed as (
      delete from run_tag t using target, key_name k
      where t.run_pk = target.run_pk and target.deleted_at is null and k.key_id = t.key_id and k.name = ${key}
      returning 1
    )
    select deleted_at is not null as deleted, exists (select from removed) as removed from target`.execute(db);
  const found = rows[0];
  if (found === undefined) throw new AppError("RUN_NOT_FOUND", { run: id });
  if (found.deleted) throw new AppError("RUN_DELETED", { run: id });
  if (!found.removed) throw new AppError("TAG_NOT_FOUND", { of: `run ${id}`, key });
}
