/**
 * Creates a run that its caller executes.
 * @module
 */
import { randomUUID } from "node:crypto";
import { AppError } from "@mintmark/errors";
import { RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { formatRunId, parseRunId } from "./run-id.ts";

export interface CreateRun {
  readonly experiment: string;
  /** Made up if empty. */
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Empty if it is a part of no other. */
  readonly parentRunId: string;
  readonly actor: string;
}

/** @throws AppError RUN_NOT_FOUND if the parent does not exist, EXPERIMENT_NAME_INVALID */
export async function createRun(db: Db, request: CreateRun): Promise<{ id: string; event: bigint }> {
  const { tags, parentRunId, actor } = request;
  const uuid = randomUUID();
  const id = formatRunId(uuid);
  const experiment = requireExperiment(request.experiment || "Default");
  const name = request.name || `run-${id.slice(0, 8)}`;
  const parent = parentRunId === "" ? null : parseRunId(parentRunId);
  const { rows } = await sql<{ event: bigint }>`
    with made as (
      insert into run (run_id, experiment_pk, parent_pk, status, started_at, name, user_name)
      select ${uuid}::uuid, experiment_of(${experiment}), parent.run_pk, ${RunStatus.RUNNING}, clock_timestamp(), ${name}, ${actor}
      from (select 1) one left join run parent on parent.run_id = ${parent}::uuid
      where ${parent}::uuid is null or parent.run_pk is not null
      returning run_pk, experiment_pk
    ), tagged as (
      insert into run_tag (run_pk, experiment_pk, key_id, value)
      select run_pk, experiment_pk, key_of(key), value from made, jsonb_each_text(${JSON.stringify(tags)}::jsonb) returning 1
    )
    select record_event('run.created', null, ${actor},
      jsonb_build_object('run', ${id}::text, 'experiment', ${experiment}::text)) as event
    from made, (select count(*) from tagged)`.execute(db);
  const event = rows[0]?.event;
  if (event === undefined) throw new AppError("RUN_NOT_FOUND", { run: parentRunId });
  return { id, event };
}

/** @throws AppError EXPERIMENT_NAME_INVALID */
export function requireExperiment(name: string): string {
  const valid = name.trim() !== "" && name.length <= 250 && name.isWellFormed() && !/\p{Cc}/u.test(name);
  if (!valid) throw new AppError("EXPERIMENT_NAME_INVALID", { name });
  return name;
}
