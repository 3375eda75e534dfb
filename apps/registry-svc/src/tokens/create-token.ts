/**
 * Creates a token.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { formatToken, newToken } from "@mintmark/http-edge/token";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { invalid } from "../fields.ts";
import { hashSecret } from "./token-secret.ts";

export interface CreateToken {
  readonly name: string;
  readonly expiresAt: Date | undefined;
  readonly actor: string;
}

export interface CreatedToken {
  readonly id: string;
  /** The whole token: here and nowhere else. */
  readonly secret: string;
  readonly event: bigint;
}

/**
 * A name belongs to one token that is not revoked, so that history says who it was.
 * @throws AppError `REQUEST_INVALID`, `TOKEN_NAME_TAKEN`
 */
export async function createToken(db: Db, { name, expiresAt, actor }: CreateToken): Promise<CreatedToken> {
  if (name.trim() === "" || name.length > 100 || /\p{Cc}/u.test(name))
    throw invalid("name", "must be 1 to 100 characters");
  if (expiresAt !== undefined && expiresAt <= new Date()) throw invalid("expire_time", "must be in the future");
  const fresh = newToken();
  const made = await db.transaction().execute(async (tx) => {
    // In a statement of its own: what follows has to see what those before it have committed.
    await sql`select pg_advisory_xact_lock(hashtextextended(${`token ${name}`}, 0))`.execute(tx);
    const { rows } = await sql<{ event: bigint }>`
      with made as (
        insert into token (id, name, secret_sha256, created_by, expires_at)
        select ${fresh.id}, ${name}, ${hashSecret(fresh.secret)}, ${actor}, ${expiresAt ?? null}::timestamptz
        where not exists (select from token where name = ${name} and revoked_at is null)
        returning id
      )
      select record_event('token.created', null, ${actor}, jsonb_build_object('token', id)) as event from made`.execute(
      tx,
    );
    return rows[0];
  });
  if (made === undefined) throw new AppError("TOKEN_NAME_TAKEN", { name });
  return { id: fresh.id, secret: formatToken(fresh), event: made.event };
}
