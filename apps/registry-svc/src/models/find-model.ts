/**
 * Reading models.
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { AppError } from "@mintmark/errors";
import type { ModelSchema } from "@mintmark/proto/mintmark/registry/v1/model";
import { type RawBuilder, sql } from "kysely";
import type { Db } from "../db/schema.ts";
import type { ModelName } from "../names/model-name.ts";

export interface ModelRow {
  readonly model_pk: bigint;
  readonly id: string;
  readonly full_name: string;
  readonly shown_name: string;
  readonly description: string;
  readonly created_at: Date;
  readonly last_version: number;
  readonly updated_at: Date;
  readonly tags: Readonly<Record<string, string>> | null;
  readonly aliases: Readonly<Record<string, number>> | null;
}

/** @throws AppError `MODEL_NOT_FOUND` */
export async function findModel(db: Db, name: ModelName): Promise<ModelRow> {
  const [row] = await selectModels(db, sql`select * from model where full_name = ${name.full} and deleted_at is null`);
  if (row === undefined) throw new AppError("MODEL_NOT_FOUND", { model: name.written });
  return row;
}

/** @param models a query of whole rows of `model`, so that a page is cut before anything is looked up for its rows */
export async function selectModels(db: Db, models: RawBuilder<unknown>): Promise<readonly ModelRow[]> {
  const { rows } = await sql<ModelRow>`
    select m.model_pk, m.id, m.full_name, m.shown_name, m.description, m.created_at, h.last_version, h.updated_at,
      (select jsonb_object_agg(k.name, t.value) from model_tag t join key_name k using (key_id)
        where t.model_pk = m.model_pk) as tags,
      (select jsonb_object_agg(a.name, a.number) from alias a where a.model_pk = m.model_pk) as aliases
    from (${models}) m join model_head h using (model_pk)
    order by m.full_name`.execute(db);
  return rows;
}

export function modelMessage(row: ModelRow): MessageInitShape<typeof ModelSchema> {
  return {
    id: row.id,
    name: row.shown_name,
    description: row.description,
    tags: row.tags ?? {},
    latestVersion: row.last_version,
    createTime: timestampFromDate(row.created_at),
    updateTime: timestampFromDate(row.updated_at),
    aliases: row.aliases ?? {},
  };
}
