/**
 * Lists the versions of a model, the highest number first.
 * @module
 */

import type { ModelName } from "@mintmark/names/model-name";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { findModel } from "../models/find-model.ts";
import { readPage } from "../page-rows.ts";
import { pageToken, readNumberToken } from "../paging.ts";
import { tagIs } from "../tag-condition.ts";
import { selectVersions, type VersionRow } from "./find-version.ts";

export interface ListVersions {
  readonly name: ModelName;
  readonly size: number;
  readonly token: string;
  /** As stored; any if absent. */
  readonly stage: number | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** @throws AppError `MODEL_NOT_FOUND`, `PAGE_TOKEN_INVALID` */
export async function listVersions(
  db: Db,
  { name, size, token, stage, tags }: ListVersions,
): Promise<{ page: readonly VersionRow[]; next: string }> {
  const before = readNumberToken("versions", token);
  const { model_pk } = await findModel(db, name);
  const [firstTag, ...otherTags] = Object.entries(tags);
  const conditions = [
    sql`v.deleted_at is null`,
    ...(stage === undefined ? [] : [sql`v.stage = ${stage}`]),
    ...otherTags.map(
      (tag) => sql`exists (select from version_tag t where t.version_pk = v.version_pk and ${tagIs("t", tag)})`,
    ),
  ];
  const filter = sql.join(conditions, sql` and `);
  const versions =
    firstTag === undefined
      ? sql`select v.version_pk as pk, v.number from version v where v.model_pk = ${model_pk} and ${filter}
          ${before === undefined ? sql`` : sql`and v.number < ${before}`} order by v.number desc limit ${size + 1}`
      : // Within a model, keys go up as numbers do; so the index on tags has the order of the list.
        sql`select v.version_pk as pk, v.number from version_tag t join version v using (version_pk)
          where t.model_pk = ${model_pk} and ${tagIs("t", firstTag)} and ${filter}
          ${before === undefined ? sql`` : sql`and t.version_pk < (select version_pk from version where model_pk = ${model_pk} and number = ${before})`}
          order by t.version_pk desc limit ${size + 1}`;
  const { rows: found } = await sql<{ pk: bigint; number: number }>`${versions}`.execute(db);
  const tokenOf = (last: { number: number }) => pageToken("versions", [String(last.number)]);
  const { rows: page, next } = await readPage(
    { table: "version", primaryKey: "version_pk", found, size, tokenOf },
    (rows) => selectVersions(db, rows),
  );
  return { page, next };
}
