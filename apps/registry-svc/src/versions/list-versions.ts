/**
 * Lists the versions of a model, the highest number first.
 * @module
 */
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { findModel } from "../models/find-model.ts";
import type { ModelName } from "../names/model-name.ts";
import { cutPage, pageToken, readNumberToken } from "../paging.ts";
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
  const conditions = [
    sql`v.model_pk = ${model_pk}`,
    sql`v.deleted_at is null`,
    ...(before === undefined ? [] : [sql`v.number < ${before}`]),
    ...(stage === undefined ? [] : [sql`v.stage = ${stage}`]),
    ...Object.entries(tags).map(hasTag),
  ];
  const rows = await selectVersions(
    db,
    sql`${sql.join(conditions, sql` and `)} order by v.number desc limit ${size + 1}`,
  );
  return cutPage(rows, size, (last) => pageToken("versions", [String(last.number)]));
}

function hasTag([key, value]: readonly [string, string]) {
  return sql`exists (select from version_tag t join key_name k using (key_id) where t.version_pk = v.version_pk
    and k.name = ${key} and t.value = ${value})`;
}
