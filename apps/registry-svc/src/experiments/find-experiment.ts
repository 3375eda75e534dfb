/**
 * Reads experiments with their tags.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { AppError } from "@mintmark/errors";
import { type Experiment, ExperimentSchema } from "@mintmark/proto/mintmark/tracking/v1/experiment";
import { type RawBuilder, sql } from "kysely";
import type { Db } from "../db/schema.ts";
import type { Placed } from "../page-rows.ts";
import { artifactLocation } from "./artifact-location.ts";
import { parseExperimentId } from "./experiment-id.ts";
import { isExperimentName } from "./experiment-name.ts";

export interface ExperimentRow extends Placed {
  readonly experiment_pk: number;
  readonly name: string;
  readonly artifact_location: string;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly deleted_at: Date | null;
  readonly tags: Readonly<Record<string, string>> | null;
}

/** Also a deleted one. @throws AppError EXPERIMENT_NOT_FOUND */
export function findExperiment(db: Db, id: string): Promise<Experiment> {
  return findOne(db, id, sql`experiment_pk = ${parseExperimentId(id)}`);
}

/** Also a deleted one. @throws AppError EXPERIMENT_NOT_FOUND */
export async function findExperimentByName(db: Db, name: string): Promise<Experiment> {
  if (!isExperimentName(name)) throw new AppError("EXPERIMENT_NOT_FOUND", { experiment: name });
  return findOne(db, name, sql`name = ${name}`);
}

/** What is to be known of `experiments`, a query of whole rows of `experiment` with their `place`, in that order. */
export async function readExperiments(db: Db, experiments: RawBuilder<unknown>): Promise<readonly ExperimentRow[]> {
  const { rows } = await sql<ExperimentRow>`
    select e.*, (
      select jsonb_object_agg(k.name, t.value) from experiment_tag t join key_name k using (key_id)
      where t.experiment_pk = e.experiment_pk) as tags
    from (${experiments}) e order by e.place`.execute(db);
  return rows;
}

export function experimentMessage(row: ExperimentRow): Experiment {
  return create(ExperimentSchema, {
    id: String(row.experiment_pk),
    name: row.name,
    artifactLocation: artifactLocation(row.experiment_pk, row.artifact_location),
    deleted: row.deleted_at !== null,
    createTime: timestampFromDate(row.created_at),
    updateTime: timestampFromDate(row.updated_at),
    tags: { ...row.tags },
  });
}

async function findOne(db: Db, experiment: string, which: RawBuilder<unknown>): Promise<Experiment> {
  const [row] = await readExperiments(db, sql`select e.*, 1::int8 as place from experiment e where ${which}`);
  if (row === undefined) throw new AppError("EXPERIMENT_NOT_FOUND", { experiment });
  return experimentMessage(row);
}
