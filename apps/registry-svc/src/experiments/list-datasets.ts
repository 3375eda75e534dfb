/**
 * The data sets that the runs of some experiments have read: snapshots, and what clients described.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { type DatasetSummary, DatasetSummarySchema } from "@mintmark/proto/mintmark/tracking/v1/experiment_service";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { requireCount } from "../fields.ts";
import { experimentPks } from "./experiment-id.ts";

const mostExperiments = 20;
const mostDatasets = 1_000;

/** Of runs that are not deleted; ids that name no experiment are left out. @throws AppError REQUEST_INVALID */
export async function listDatasets(db: Db, experimentIds: readonly string[]): Promise<DatasetSummary[]> {
  requireCount("experiment_ids", experimentIds.length, mostExperiments, 1);
  const experiments = experimentPks(experimentIds);
  const { rows } = await sql<{ experiment_pk: number; name: string; digest: string; role: string }>`
    select r.experiment_pk, i.name collate pg_c_utf8 as name, encode(d.blake3, 'hex') as digest, i.role collate pg_c_utf8 as role
    from run r join run_input i using (run_pk) join dataset d using (dataset_pk)
    where r.experiment_pk = any(${experiments}::int[]) and r.deleted_at is null
    union
    select r.experiment_pk, d.name, d.digest, i.role
    from run r join run_logged_dataset i using (run_pk) join logged_dataset d using (dataset_pk)
    where r.experiment_pk = any(${experiments}::int[]) and r.deleted_at is null
    order by 1, 2, 3, 4 limit ${mostDatasets}`.execute(db);
  return rows.map(({ experiment_pk, ...dataset }) =>
    create(DatasetSummarySchema, { ...dataset, experimentId: String(experiment_pk) }),
  );
}
