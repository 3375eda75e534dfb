/**
 * Revokes a token: from the commit on it is not valid.
 * @module
 */
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";

/** The number of the event; `undefined` if there is no such token, or it was revoked before. */
export async function revokeToken(db: Db, id: string, actor: string): Promise<bigint | undefined> {
  const { rows } = await sql<{ event: bigint }>`
    with revoked as (
      update token set revoked_at = clock_timestamp() where id = ${id} and revoked_at is null returning id
    )
    select record_event('token.revoked', null, ${actor}, jsonb_build_object('token', id)) as event from revoked`.execute(
    db,
  );
  return rows[0]?.event;
}
