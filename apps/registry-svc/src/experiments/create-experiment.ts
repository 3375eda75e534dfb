/**
 * Creates an experiment.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { retryDeadlock } from "../db/sqlstate.ts";
import { invalid, requireText } from "../fields.ts";
import { requireKeyed } from "../runs/tracking-key.ts";
import { requireExperimentName } from "./experiment-name.ts";

export interface CreateExperiment {
  readonly name: string;
  /** This server if empty. */
  readonly artifactLocation: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly actor: string;
}

/** @throws AppError EXPERIMENT_NAME_INVALID, EXPERIMENT_TAKEN, REQUEST_INVALID */
export async function createExperiment(db: Db, request: CreateExperiment): Promise<{ id: string; event: bigint }> {
  const { actor } = request;
  const name = requireExperimentName(request.name);
  const location = requireLocation(request.artifactLocation);
  const tags = JSON.stringify(requireKeyed("tag", request.tags, maxExperimentTag));
  // Asked before it is tried, so that refusals use up no numbers.
  const { rows } = await retryDeadlock(() =>
    sql<{ id: string; event: bigint }>`
      with made as (
        insert into experiment (name, artifact_location)
        select ${name}, ${location} where not exists (select from experiment where name = ${name})
        on conflict do nothing returning experiment_pk
      ), tagged as (
        insert into experiment_tag (experiment_pk, key_id, value)
        select experiment_pk, key_of(key), value from made, jsonb_each_text(${tags}::jsonb) returning 1
      )
      select experiment_pk::text as id, record_event('experiment.created', null, ${actor},
        jsonb_build_object('experiment', experiment_pk::text, 'name', ${name}::text)) as event
      from made, (select count(*) from tagged) tags_are_there`.execute(db),
  );
  return rows[0] ?? refuseTaken(db, name);
}

/** How long the value of a tag may be. */
export const maxExperimentTag = 20_000;
const maxLocation = 2_000;

/** @throws AppError EXPERIMENT_TAKEN */
export async function refuseTaken(db: Db, name: string): Promise<never> {
  const found = await db.selectFrom("experiment").select("deleted_at").where("name", "=", name).executeTakeFirst();
  throw new AppError("EXPERIMENT_TAKEN", { name, deleted: (found?.deleted_at ?? null) !== null });
}

/** Clients append paths to it. */
function requireLocation(location: string): string {
  requireText("artifact_location", location, maxLocation);
  const problem = locationProblem(location);
  if (problem === undefined) return location;
  throw invalid("artifact_location", `${problem}, got '${location}'`);
}

function locationProblem(location: string): string | undefined {
  // What lies below a run cannot hold the runs.
  if (location.startsWith("runs:")) return "must not be a runs:/ URI";
  if (/[?#]/.test(location)) return "must not have a query or a fragment";
  if (location.split(/[/\\:]/).includes("..")) return "must not have '..' as a segment";
  return undefined;
}
