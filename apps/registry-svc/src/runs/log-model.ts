/**
 * Keeps what clients before MLflow 3 log of a model: an entry more in a tag of the run.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { parseRunId } from "@mintmark/names/run-id";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { invalid, requireFewValues } from "../fields.ts";

export interface LogModel {
  readonly runId: string;
  /** What the file `MLmodel` says, as JSON. */
  readonly modelJson: string;
}

const historyTag = "mlflow.log-model.history";
const maxHistory = 100_000;

/**
 * In one statement, in which the tag's row is read under its lock: of calls at once, each adds its own.
 * @throws AppError REQUEST_INVALID, RUN_NOT_FOUND, RUN_DELETED
 */
export async function logModel(db: Db, { runId, modelJson }: LogModel): Promise<void> {
  requireFewValues("model_json", modelJson);
  const entry = entryOf(modelJson);
  const { rows } = await sql<{ deleted: boolean; kept: boolean }>`
    with target as (
      select run_pk, experiment_pk, deleted_at from run where run_id = ${parseRunId(runId)}::uuid for no key update
    ), kept as (
      insert into run_tag as history (run_pk, experiment_pk, key_id, value)
      select run_pk, experiment_pk, key_of(${historyTag}), ${`[${entry}]`} from target
      where deleted_at is null and length(${entry}) <= ${maxHistory - 2}
      on conflict (run_pk, key_id) do update set value = case
        when history.value is not json array or history.value ~ '^\\s*\\[\\s*\\]\\s*$' then excluded.value
        else regexp_replace(history.value, '\\s*\\]\\s*$', ',') || substr(excluded.value, 2) end
      where length(history.value) + length(excluded.value) <= ${maxHistory} or history.value is not json array
      returning 1
    )
    select deleted_at is not null as deleted, exists (select from kept) as kept from target`.execute(db);
  const found = rows[0];
  if (found === undefined) throw new AppError("RUN_NOT_FOUND", { run: runId });
  if (found.deleted) throw new AppError("RUN_DELETED", { run: runId });
  if (!found.kept)
    throw invalid(
      "model_json",
      `is too long: the tag ${historyTag} would have more than ${maxHistory} characters; log models as MLflow 3 does`,
    );
}

const texts = ["run_id", "artifact_path", "utc_time_created"] as const;

/** As it is kept. */
function entryOf(modelJson: string): string {
  const model = readModel(modelJson);
  try {
    return JSON.stringify(model);
  } catch {
    throw invalid("model_json", "is nested too deep");
  }
}

/** Of a flavor, its `config` is left out: it can be of any size. */
function readModel(json: string): object {
  const model = parsed(json);
  if (!isObject(model)) throw invalid("model_json", "must be a JSON object");
  for (const name of texts)
    if (typeof model[name] !== "string") throw invalid(`model_json.${name}`, "is missing, or no text");
  const { run_id, artifact_path, utc_time_created, model_uuid, flavors } = model;
  if (model_uuid !== undefined && typeof model_uuid !== "string")
    throw invalid("model_json.model_uuid", "must be text");
  if (!isObject(flavors)) throw invalid("model_json.flavors", "is missing, or no JSON object");
  const slim = Object.entries(flavors).map(([name, flavor]) => [
    name,
    isObject(flavor) ? withoutConfig(flavor) : flavor,
  ]);
  return { run_id, artifact_path, utc_time_created, model_uuid, flavors: Object.fromEntries(slim) };
}

function withoutConfig({ config: _, ...flavor }: Readonly<Record<string, unknown>>): object {
  return flavor;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
