/**
 * Lists models by full name in code-point order.
 * @module
 */
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { defaultCatalog, defaultSchema } from "../names/model-name.ts";
import { cutPage, pageToken, readPageToken } from "../paging.ts";
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
  const [after] = readPageToken("models", 1, request.token) ?? [];
  const conditions = [
    sql`m.deleted_at is null`,
    ...(after === undefined ? [] : [sql`m.full_name > ${after}`]),
    ...(request.prefix === "" ? [] : [startsWith(request.prefix)]),
    ...(request.contains === "" ? [] : [sql`m.full_name ilike ${`%${escapeLike(request.contains)}%`}`]),
    ...Object.entries(request.tags).map(hasTag),
  ];
  const rows = await selectModels(
    db,
    sql`${sql.join(conditions, sql` and `)} order by m.full_name limit ${request.size + 1}`,
  );
  return cutPage(rows, request.size, (last) => pageToken("models", [last.full_name]));
}

function startsWith(prefix: string) {
  const inDefault = `${defaultCatalog}.${defaultSchema}.${prefix}`;
  return sql`(m.full_name like ${`${escapeLike(prefix)}%`} or m.full_name like ${`${escapeLike(inDefault)}%`})`;
}

function hasTag([key, value]: readonly [string, string]) {
  return sql`exists (select from model_tag t join key_name k using (key_id) where t.model_pk = m.model_pk and k.name = ${key}
    and left(t.value, 128) = left(${value}, 128) and t.value = ${value})`;
}

function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&");
}
