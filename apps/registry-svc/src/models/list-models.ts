/**
 * Lists models by full name in code-point order.
 * @module
 */

import { defaultCatalog, defaultSchema } from "@mintmark/names/model-name";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { readPage } from "../page-rows.ts";
import { pageToken, readPageToken } from "../paging.ts";
import { tagIs } from "../tag-condition.ts";
import { type ModelRow, selectModels } from "./find-model.ts";

export interface ListModels {
  readonly size: number;
  readonly token: string;
  /** Compared with the full name and, in the default schema, with the name alone; any if empty. */
  readonly prefix: string;
  readonly contains: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** @throws AppError `PAGE_TOKEN_INVALID` */
export async function listModels(db: Db, request: ListModels): Promise<{ page: readonly ModelRow[]; next: string }> {
  const [after] = readPageToken("models", request.token) ?? [];
  const conditions = [
    sql`m.deleted_at is null`,
    ...(after === undefined ? [] : [sql`m.full_name > ${after}`]),
    ...(request.contains === "" ? [] : [sql`m.full_name ilike ${`%${escapeLike(request.contains)}%`}`]),
    ...Object.entries(request.tags).map(hasTag),
  ];
  // One ordered index scan a prefix, merged: with "or" between them all names would be read up to the first that fits.
  const inOrder = sql`order by m.full_name limit ${request.size + 1}`;
  const scans = prefixes(request.prefix).map(
    (prefix) => sql`(select m.model_pk, m.full_name from model m where m.full_name like ${`${escapeLike(prefix)}%`}
      and ${sql.join(conditions, sql` and `)} ${inOrder})`,
  );
  const { rows: found } = await sql<{ pk: bigint; full_name: string }>`
    select m.model_pk as pk, m.full_name from (${sql.join(scans, sql` union all `)}) m ${inOrder}`.execute(db);
  const tokenOf = (last: { full_name: string }) => pageToken("models", [last.full_name]);
  const { rows, next } = await readPage(
    { table: "model", primaryKey: "model_pk", found, size: request.size, tokenOf },
    (models) => selectModels(db, models),
  );
  return { page: rows, next };
}

/** Of the full names that are asked for. No name begins with two of them. */
function prefixes(asked: string): readonly string[] {
  const inDefault = `${defaultCatalog}.${defaultSchema}.${asked}`;
  return inDefault.startsWith(asked) ? [asked] : [asked, inDefault];
}

function hasTag(tag: readonly [string, string]) {
  return sql`exists (select from model_tag t where t.model_pk = m.model_pk and ${tagIs("t", tag)})`;
}

function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&");
}
