/**
 * Creates a logged model whose files are still to come.
 * @module
 */
import { randomUUID } from "node:crypto";
import { AppError } from "@mintmark/errors";
import { formatLoggedModelId, isLoggedModelId, parseLoggedModelId } from "@mintmark/names/logged-model-id";
import { parseRunId } from "@mintmark/names/run-id";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { isUniqueViolation } from "../db/sqlstate.ts";
import { parseExperimentId } from "../experiments/experiment-id.ts";
import { invalid } from "../fields.ts";

export interface CreateLoggedModel {
  readonly experimentId: string;
  readonly name: string;
  readonly modelType: string;
  /** Empty if no run makes it. */
  readonly sourceRunId: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  /** Made up if empty. */
  readonly id: string;
  readonly actor: string;
}

/** @throws AppError EXPERIMENT_NOT_FOUND, EXPERIMENT_DELETED, RUN_NOT_FOUND, LOGGED_MODEL_ID_TAKEN, REQUEST_INVALID */
export async function createLoggedModel(db: Db, request: CreateLoggedModel): Promise<{ id: string; event: bigint }> {
  const { experimentId, sourceRunId, name, modelType, tags, params, actor } = request;
  const experiment = parseExperimentId(experimentId);
  const run = sourceRunId === "" ? null : parseRunId(sourceRunId);
  // An experiment that is being deleted waits for this, or is seen as deleted here.
  const statement = sql<{ id: string; event: bigint }>`
    with home as (
      select experiment_pk from experiment where experiment_pk = ${experiment} and deleted_at is null for share
    ), made as (
      insert into logged_model (id, experiment_pk, source_run_pk, name, model_type)
      select ${uuidOf(request)}::uuid, home.experiment_pk, source.run_pk, ${name}, ${modelType}
      from home left join run source on source.run_id = ${run}::uuid
      where ${run}::uuid is null or source.run_pk is not null
      returning id, logged_model_pk, experiment_pk
    ), tagged as (
      insert into logged_model_tag (logged_model_pk, experiment_pk, key_id, value)
      select logged_model_pk, experiment_pk, key_of(key), value from made, jsonb_each_text(${JSON.stringify(tags)}::jsonb)
      returning 1
    ), given as (
      insert into logged_model_param (logged_model_pk, experiment_pk, key_id, value)
      select logged_model_pk, experiment_pk, key_of(key), value from made, jsonb_each_text(${JSON.stringify(params)}::jsonb)
      returning 1
    )
    select id, record_event('logged_model.created', null, ${actor}, jsonb_build_object(
      'logged_model', 'm-' || replace(id::text, '-', ''), 'name', ${name}::text,
      'experiment', ${experimentId}::text, 'run', ${sourceRunId}::text)) as event
    from made, (select count(*) from tagged) tags_are_there, (select count(*) from given) params_are_there`;
  const { rows } = await statement.execute(db).catch((error: unknown) => {
    if (!isUniqueViolation(error, "logged_model_id_key")) throw error;
    throw new AppError("LOGGED_MODEL_ID_TAKEN", { id: request.id }, { cause: error });
  });
  const made = rows[0];
  if (made === undefined) throw await whatIsMissing(db, experiment, request);
  return { id: formatLoggedModelId(made.id), event: made.event };
}

function uuidOf({ id }: CreateLoggedModel): string {
  if (id === "") return randomUUID();
  if (isLoggedModelId(id)) return parseLoggedModelId(id);
  throw invalid("id", `must be m- and 32 hex digits, got '${id}'`);
}

async function whatIsMissing(
  db: Db,
  experiment: number,
  { experimentId, sourceRunId }: CreateLoggedModel,
): Promise<AppError> {
  const found = await db
    .selectFrom("experiment")
    .select("deleted_at")
    .where("experiment_pk", "=", experiment)
    .executeTakeFirst();
  if (found === undefined) return new AppError("EXPERIMENT_NOT_FOUND", { experiment: experimentId });
  if (found.deleted_at !== null) return new AppError("EXPERIMENT_DELETED", { experiment: experimentId });
  return new AppError("RUN_NOT_FOUND", { run: sourceRunId });
}
