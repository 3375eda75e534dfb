/**
 * Reading models.
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { AppError } from "@mintmark/errors";
import type { ModelName } from "@mintmark/names/model-name";
import type { ModelSchema } from "@mintmark/proto/mintmark/registry/v1/model";
import { type RawBuilder, sql } from "kysely";
import { prepared } from "../db/prepared.ts";
import type { Db } from "../db/schema.ts";
import type { Placed } from "../page-rows.ts";
import { selectVersions, type VersionRow, versionMessage } from "../versions/find-version.ts";

export interface ModelRow extends Placed {
  readonly model_pk: bigint;
  readonly id: string;
  readonly full_name: string;
  readonly shown_name: string;
  readonly description: string;
  readonly created_at: Date;
  readonly latest_version: number | null;
  readonly updated_at: Date;
  readonly tags: Readonly<Record<string, string>> | null;
  readonly aliases: Readonly<Record<string, number>> | null;
}

/** @throws AppError `MODEL_NOT_FOUND` */
export async function findModel(db: Db, name: ModelName): Promise<ModelRow> {
  const [row] = await selectModels(
    db,
    sql`${prepared} select m.*, 1::int8 as place from model m where full_name = ${name.full} and deleted_at is null`,
  );
  if (row === undefined) throw new AppError("MODEL_NOT_FOUND", { model: name.written });
  return row;
}

/**
 * In the order of their `place`.
 * @param models a query of whole rows of `model` with their `place`, so that a page is cut before anything is looked up for its rows
 */
export async function selectModels(db: Db, models: RawBuilder<unknown>): Promise<readonly ModelRow[]> {
  const { rows } = await sql<ModelRow>`
    select m.model_pk, m.id, m.full_name, m.shown_name, m.description, m.created_at, m.place, h.updated_at,
      (select v.number from version v where v.model_pk = m.model_pk and v.deleted_at is null
        order by v.number desc limit 1) as latest_version,
      (select jsonb_object_agg(k.name, t.value) from model_tag t join key_name k using (key_id)
        where t.model_pk = m.model_pk) as tags,
      (select jsonb_object_agg(a.name, a.number) from alias a where a.model_pk = m.model_pk) as aliases
    from (${models}) m join model_head h using (model_pk)
    order by m.place`.execute(db);
  return rows;
}

/** The live version with the highest number in each stage, of each of the models: four looks into an index a model. */
export async function latestVersions(
  db: Db,
  models: readonly Pick<ModelRow, "model_pk">[],
): Promise<ReadonlyMap<bigint, readonly VersionRow[]>> {
  const versions = await selectVersions(
    db,
    sql`${prepared} select v.*, 1::int8 as place from unnest(${models.map(({ model_pk }) => String(model_pk))}::bigint[]) as asked (model_pk)
      cross join generate_series(0, 3) as asked_stage (stage)
      cross join lateral (select * from version v where v.model_pk = asked.model_pk and v.stage = asked_stage.stage and v.deleted_at is null
        order by v.number desc limit 1) v`,
  );
  return Map.groupBy(versions, ({ model_pk }) => model_pk);
}

/** @param latest of {@link latestVersions}; none where they are not asked for */
export function modelMessage(row: ModelRow, latest: readonly VersionRow[] = []): MessageInitShape<typeof ModelSchema> {
  return {
    id: row.id,
    name: row.shown_name,
    description: row.description,
    tags: row.tags ?? {},
    latestVersion: row.latest_version ?? 0,
    createTime: timestampFromDate(row.created_at),
    updateTime: timestampFromDate(row.updated_at),
    aliases: row.aliases ?? {},
    latestVersions: latest.map(versionMessage),
  };
}
