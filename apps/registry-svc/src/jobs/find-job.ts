/**
 * Reads jobs: the run, and what makes it a job.
 * @module
 */
import { create, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { AppError } from "@mintmark/errors";
import { parseRunId } from "@mintmark/names/run-id";
import {
  type Job,
  JobErrorSchema,
  JobSchema,
  ProgressSchema,
  type Snapshot,
} from "@mintmark/proto/mintmark/training/v1/job";
import { type RawBuilder, sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { type RunRow, runColumns, runDetails, runMessage } from "../runs/find-run.ts";

export interface JobRow extends RunRow {
  readonly queue_number: number;
  readonly attempts: number;
  readonly cancel_requested: boolean;
  readonly worker: string;
  readonly progress: JsonValue | null;
  readonly error: JsonValue | null;
  readonly model: string;
  readonly config: string;
  readonly snapshots: readonly StoredSnapshot[];
  readonly checkpoint: string | null;
  /** `NAME/NUMBER` of the version that it registered; null if there is none, or none any longer. */
  readonly version: string | null;
}

/** The size as text: JSON would round it beyond 2^53. */
export interface StoredSnapshot extends Pick<Snapshot, "name" | "blake3" | "sha256"> {
  readonly size: string;
}

/** @throws AppError JOB_NOT_FOUND */
export async function findJob(db: Db, id: string): Promise<Job> {
  return jobMessage(await findJobRow(db, id));
}

/** @throws AppError JOB_NOT_FOUND */
export async function findJobRow(db: Db, id: string): Promise<JobRow> {
  const uuid = parseJobId(id);
  const row = (await readJobs(db, sql`select r.* from run r where r.run_id = ${uuid}::uuid and r.is_job`))[0];
  if (row === undefined) throw new AppError("JOB_NOT_FOUND", { run: id });
  return row;
}

/** The jobs among `runs`, a query of whole rows of `run`; the latest first. */
export async function readJobs(db: Db, runs: RawBuilder<unknown>): Promise<readonly JobRow[]> {
  const { rows } = await sql<JobRow>`
    select ${runColumns}, r.queue_number, r.attempts, r.cancel_requested, r.worker, r.progress, r.error, j.model,
      j.config::text as config, j.snapshots, encode(j.checkpoint_blake3, 'hex') as checkpoint,
      (select m.shown_name || '/' || v.number from (${versionOfJob(sql`j.run_pk`)}) v join model m using (model_pk)) as version
    from (${runs}) r join job j using (run_pk) ${runDetails}
    order by r.run_pk desc`.execute(db);
  return rows;
}

/**
 * A query of the row of `version` that the job registered, as long as it is there. Others make versions of a job's run too,
 * such as copies, so that the run alone does not say which one it is.
 */
export function versionOfJob(runPk: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`select v.* from job made join version v using (version_pk) join model m on m.model_pk = v.model_pk
    where made.run_pk = ${runPk} and v.deleted_at is null and m.deleted_at is null`;
}

/** @throws AppError JOB_NOT_FOUND if the text can be no run's id */
export function parseJobId(id: string): string {
  try {
    return parseRunId(id);
  } catch (cause) {
    throw new AppError("JOB_NOT_FOUND", { run: id }, { cause });
  }
}

export function jobMessage(row: JobRow): Job {
  return create(JobSchema, {
    run: runMessage(row),
    configJson: row.config,
    snapshots: row.snapshots.map((snapshot) => ({ ...snapshot, size: BigInt(snapshot.size) })),
    ...(row.progress === null ? {} : { progress: fromJson(ProgressSchema, row.progress) }),
    ...(row.error === null ? {} : { error: fromJson(JobErrorSchema, row.error) }),
    attempts: row.attempts,
    cancelRequested: row.cancel_requested,
    worker: row.worker,
    version: row.version ?? "",
    model: row.model,
  });
}
