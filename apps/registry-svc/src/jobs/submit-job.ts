/**
 * Accepts a job: checks the training file and the snapshots, creates the run, and queues it after the commit.
 * @module
 */

import { randomUUID } from "node:crypto";
import { AppError } from "@mintmark/errors";
import { formatRunId } from "@mintmark/names/run-id";
import { RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import type { Snapshot } from "@mintmark/proto/mintmark/training/v1/job";
import type { TrainingConfig } from "@mintmark/training-file";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { isUniqueViolation } from "../db/sqlstate.ts";
import { requireExperimentName } from "../experiments/experiment-name.ts";
import { requireText } from "../fields.ts";
import { refusal } from "../runs/refusal.ts";
import { requireRunTags } from "../runs/run-tags.ts";
import { dispatch } from "./dispatch.ts";
import type { StoredSnapshot } from "./find-job.ts";
import type { JobDeps } from "./job-deps.ts";
import { checkedSnapshot, readConfig, requireUploaded } from "./training-request.ts";

export interface SubmitJob {
  readonly configJson: string;
  readonly snapshots: readonly Snapshot[];
  /** A new job each time if empty. */
  readonly idempotencyKey: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly actor: string;
}

/**
 * @returns the run, and the event unless the same submission was there before
 * @throws AppError TRAINING_FILE_INVALID, SNAPSHOT_NOT_UPLOADED, SUBMISSION_DIFFERS, REQUEST_INVALID,
 * EXPERIMENT_DELETED
 */
export async function submitJob(deps: JobDeps, request: SubmitJob): Promise<{ id: string; event: bigint | undefined }> {
  const { db } = deps;
  const config = readConfig(request.configJson);
  const snapshots = request.snapshots.map(checkedSnapshot);
  requireText("idempotency_key", request.idempotencyKey, 255);
  requireExperimentName(config.experiment);
  await requireUploaded(db, snapshots);

  const uuid = randomUUID();
  try {
    const tags = requireRunTags({ "mlflow.user": request.actor, "mlflow.source.type": "JOB", ...request.tags });
    const event = await insertJob(db, { ...request, tags, uuid, config, snapshots });
    await dispatch(deps, { run_id: uuid, queue_number: 1 });
    return { id: formatRunId(uuid), event };
  } catch (error) {
    if (!isUniqueViolation(error, "job_idempotency_key"))
      throw refusal(error, { run: formatRunId(uuid), experiment: config.experiment });
    return { id: await sameSubmission(db, request.idempotencyKey, config, snapshots), event: undefined };
  }
}

interface NewJob extends Pick<SubmitJob, "idempotencyKey" | "tags" | "actor"> {
  readonly uuid: string;
  readonly config: TrainingConfig;
  readonly snapshots: readonly StoredSnapshot[];
}

async function insertJob(db: Db, { uuid, config, snapshots, idempotencyKey, tags, actor }: NewJob): Promise<bigint> {
  const id = formatRunId(uuid);
  const name = `${config.algorithm.name}-${id.slice(0, 8)}`;
  const { rows } = await sql<{ event: bigint }>`
    with made as (
      insert into run (run_id, experiment_pk, status, is_job, name, user_name, queue_number, queued_at)
      values (${uuid}::uuid, experiment_of(${config.experiment}), ${RunStatus.SCHEDULED}, true, ${name}, ${actor}, 1,
        clock_timestamp())
      returning run_pk, experiment_pk
    ), submitted as (
      insert into job (run_pk, idempotency_key, model, config, snapshots)
      select run_pk, nullif(${idempotencyKey}, ''), ${config.model}, ${JSON.stringify(config)}::json,
        ${JSON.stringify(snapshots)}::jsonb
      from made returning run_pk
    ), tagged as (
      insert into run_tag (run_pk, experiment_pk, key_id, value)
      select run_pk, experiment_pk, key_of(key), value from made, jsonb_each_text(${JSON.stringify(tags)}::jsonb) returning 1
    )
    select record_event('job.queued', null, ${actor},
      jsonb_build_object('run', ${id}::text, 'model', ${config.model}::text)) as event
    from submitted, (select count(*) from tagged)`.execute(db);
  return rows[0]!.event;
}

async function sameSubmission(
  db: Db,
  key: string,
  config: TrainingConfig,
  snapshots: readonly StoredSnapshot[],
): Promise<string> {
  const { rows } = await sql<{ run_id: string; same: boolean }>`
    select run_id, config::jsonb = ${JSON.stringify(config)}::jsonb and snapshots = ${JSON.stringify(snapshots)}::jsonb as same
    from job join run using (run_pk) where idempotency_key = ${key}`.execute(db);
  const { run_id, same } = rows[0]!;
  if (!same) throw new AppError("SUBMISSION_DIFFERS", { key, run: formatRunId(run_id) });
  return formatRunId(run_id);
}
