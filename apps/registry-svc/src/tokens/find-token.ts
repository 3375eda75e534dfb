/**
 * Reading tokens, never their secrets.
 * @module
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { AppError } from "@mintmark/errors";
import type { TokenSchema } from "@mintmark/proto/mintmark/access/v1/token";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { cutPage, pageToken, readPageToken } from "../paging.ts";

export interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
}

/** @throws AppError `TOKEN_NOT_FOUND` */
export async function findToken(db: Db, id: string): Promise<TokenRow> {
  const { rows } = await sql<TokenRow>`
    select id, name, created_at, expires_at, revoked_at from token where id = ${id}`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new AppError("TOKEN_NOT_FOUND", { id });
  return row;
}

/** By time of creation. @throws AppError `PAGE_TOKEN_INVALID` */
export async function listTokens(
  db: Db,
  size: number,
  token: string,
): Promise<{ page: readonly TokenRow[]; next: string }> {
  const after = readPageToken("tokens", token);
  const begin = after === undefined ? sql`true` : sql`(created_at, id) > (${after[0]}::timestamptz, ${after[1]})`;
  const { rows } = await sql<TokenRow & { readonly created_text: string }>`
    select id, name, created_at, created_at::text as created_text, expires_at, revoked_at from token
    where ${begin} order by created_at, id limit ${size + 1}`.execute(db);
  return cutPage(rows, size, (last) => pageToken("tokens", [last.created_text, last.id]));
}

export function tokenMessage(row: TokenRow): MessageInitShape<typeof TokenSchema> {
  return {
    id: row.id,
    name: row.name,
    createTime: timestampFromDate(row.created_at),
    ...(row.expires_at === null ? {} : { expireTime: timestampFromDate(row.expires_at) }),
    ...(row.revoked_at === null ? {} : { revokeTime: timestampFromDate(row.revoked_at) }),
  };
}
