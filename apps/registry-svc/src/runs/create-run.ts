/**
 * Creates a run that its caller executes.
 * @module
 */
import { randomUUID } from "node:crypto";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { AppError } from "@mintmark/errors";
import { formatRunId, isRunId, parseRunId } from "@mintmark/names/run-id";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { isUniqueViolation, retryDeadlock } from "../db/sqlstate.ts";
import { parseExperimentId } from "../experiments/experiment-id.ts";
import { requireExperimentName } from "../experiments/experiment-name.ts";
import { invalid, requireText } from "../fields.ts";
import { dateOf } from "../request-time.ts";
import { friendlyName } from "./friendly-name.ts";
import { refusal } from "./refusal.ts";
import { maxRunName, requireRunTags, tagNames } from "./run-tags.ts";

export interface CreateRun {
  /** The name of the experiment; `Default` if this and the id are empty. */
  readonly experiment: string;
  /** The id of the experiment, instead of its name. */
  readonly experimentId: string;
  /** Made up if empty. */
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Empty if it is a part of no other. */
  readonly parentRunId: string;
  /** Now if not stated. */
  readonly startTime?: Timestamp | undefined;
  /** The actor if neither this nor a tag says it. */
  readonly user: string;
  /** Made up if empty. */
  readonly id: string;
  readonly actor: string;
}

/**
 * @throws AppError RUN_NOT_FOUND if the parent does not exist, EXPERIMENT_NAME_INVALID, EXPERIMENT_NOT_FOUND,
 * EXPERIMENT_DELETED, RUN_ID_TAKEN, REQUEST_INVALID
 */
export async function createRun(db: Db, request: CreateRun): Promise<{ id: string; event: bigint }> {
  const { parentRunId, actor } = request;
  const home = homeOf(request);
  const uuid = idOf(request);
  const id = formatRunId(uuid);
  const tags = { ...requireRunTags(request.tags) };
  const name = nameOf(request) || friendlyName();
  if (parentRunId !== "") tags[tagNames.parentRun] ??= parentRunId;
  const user = requireText("user", request.user, maxUser) || tags[tagNames.user] || actor;
  try {
    const { rows } = await retryDeadlock(() =>
      sql<{ event: bigint }>`select create_run(
        ${uuid}::uuid, ${home.pk}::int, ${home.name}, ${parentRunId === "" ? null : parseRunId(parentRunId)}::uuid,
        ${linkedRun(request)}::uuid, ${name}, ${user}, ${dateOf("start_time", request.startTime)}::timestamptz,
        ${Object.keys(tags)}::text[], ${Object.values(tags)}::text[], ${actor}) as event`.execute(db),
    );
    return { id, event: rows[0]!.event };
  } catch (error) {
    if (isUniqueViolation(error, "run_run_id_key")) throw new AppError("RUN_ID_TAKEN", { run: id }, { cause: error });
    throw refusal(error, { run: id, experiment: home.shown });
  }
}

const maxUser = 250;

function homeOf({ experiment, experimentId }: CreateRun): { pk: number | null; name: string; shown: string } {
  if (experimentId !== "" && experiment !== "")
    throw invalid("experiment_id", "must not be given together with a name of the experiment");
  if (experiment !== "") return { pk: null, name: requireExperimentName(experiment), shown: experiment };
  const pk = experimentId === "" ? 0 : parseExperimentId(experimentId);
  return { pk, name: "", shown: experimentId || "Default" };
}

function idOf({ id }: CreateRun): string {
  if (id === "") return randomUUID();
  if (!isRunId(id)) throw invalid("id", `must be 32 hex digits, got '${id}'`);
  return id;
}

/** A name and a tag that say different things are a mistake of the caller's. */
function nameOf({ name, tags }: CreateRun): string {
  const tagged = tags[tagNames.name] ?? "";
  if (name !== "" && tagged !== "" && name !== tagged)
    throw invalid(
      "name of the run",
      `is '${name}', but the tag '${tagNames.name}' is '${tagged}'; give one of them, or both the same`,
    );
  return requireText("name of the run", name || tagged, maxRunName);
}

/** The parent that only a tag names; a tag may name a run that is not here. */
function linkedRun({ parentRunId, tags }: CreateRun): string | null {
  const tagged = tags[tagNames.parentRun];
  return parentRunId === "" && tagged !== undefined && isRunId(tagged) ? tagged : null;
}
