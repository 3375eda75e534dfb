/**
 * Reads the aliases of a model and their history.
 * @module
 */

import type { ModelName } from "@mintmark/names/model-name";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { findModel } from "../models/find-model.ts";
import { cutPage, pageToken, readPageToken } from "../paging.ts";

export interface AliasRow {
  readonly name: string;
  readonly number: number;
  readonly revision: number;
  readonly updated_at: Date;
}

export interface AliasMoveRow {
  readonly alias: string;
  readonly revision: number;
  readonly from_number: number | null;
  readonly to_number: number | null;
  readonly actor: string;
  readonly reason: string;
  readonly at: Date;
  /** The time to the microsecond, for the page token: a `Date` has only milliseconds. */
  readonly at_text: string;
}

/** @throws AppError `MODEL_NOT_FOUND` */
export async function listAliases(db: Db, name: ModelName): Promise<{ model: string; aliases: readonly AliasRow[] }> {
  const { model_pk, shown_name } = await findModel(db, name);
  const aliases = await db
    .selectFrom("alias")
    .select(["name", "number", "revision", "updated_at"])
    .where("model_pk", "=", model_pk)
    .orderBy("name")
    .execute();
  return { model: shown_name, aliases };
}

export interface ListAliasMoves {
  readonly name: ModelName;
  /** All of the model's if empty. */
  readonly alias: string;
  readonly size: number;
  readonly token: string;
}

/** The newest first. @throws AppError `MODEL_NOT_FOUND`, `PAGE_TOKEN_INVALID` */
export async function listAliasMoves(
  db: Db,
  { name, alias, size, token }: ListAliasMoves,
): Promise<{ page: readonly AliasMoveRow[]; next: string }> {
  const after = readPageToken("alias-moves", token);
  const { model_pk } = await findModel(db, name);
  const conditions = [
    sql`model_pk = ${model_pk}`,
    ...(alias === "" ? [] : [sql`alias = ${alias}`]),
    ...(after === undefined
      ? []
      : [sql`(at, alias, revision) < (${after[0]}::timestamptz, ${after[1]}, ${after[2]}::int)`]),
  ];
  const { rows } = await sql<AliasMoveRow>`
    select alias, revision, from_number, to_number, actor, reason, at, at::text as at_text
    from alias_move where ${sql.join(conditions, sql` and `)}
    order by at desc, alias desc, revision desc limit ${size + 1}`.execute(db);
  return cutPage(rows, size, (last) => pageToken("alias-moves", [last.at_text, last.alias, String(last.revision)]));
}
