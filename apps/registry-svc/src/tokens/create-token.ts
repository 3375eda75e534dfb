/**
 * Creates a token.
 * @module
 */
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

/** @throws AppError `REQUEST_INVALID` */
export async function createToken(db: Db, { name, expiresAt, actor }: CreateToken): Promise<CreatedToken> {
  if (name.trim() === "" || name.length > 100 || /\p{Cc}/u.test(name))
    throw invalid("name", "must be 1 to 100 characters");
  if (expiresAt !== undefined && expiresAt <= new Date()) throw invalid("expire_time", "must be in the future");
  const fresh = newToken();
  const { rows } = await sql<{ event: bigint }>`
    with made as (
      insert into token (id, name, secret_sha256, created_by, expires_at)
      values (${fresh.id}, ${name}, ${hashSecret(fresh.secret)}, ${actor}, ${expiresAt ?? null}) returning id
    )
    select record_event('token.created', null, ${actor}, jsonb_build_object('token', id)) as event from made`.execute(
    db,
  );
  const [made] = rows;
  if (made === undefined) throw new Error("no event was recorded");
  return { id: fresh.id, secret: formatToken(fresh), event: made.event };
}
