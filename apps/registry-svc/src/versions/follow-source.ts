/**
 * From the source of a version to what it really is: the run and the logged model behind it, the folder or the version that
 * holds its files, and where clients fetch them from.
 *
 * Whoever names files of this server has to name the run or the logged model that they belong to as well: so a version cannot
 * be made from what somebody else keeps there under another name.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { isRunId } from "@mintmark/names/run-id";
import { pathOfArtifactUri } from "@mintmark/registry-client";
import { sql } from "kysely";
import { prepared } from "../db/prepared.ts";
import type { Db } from "../db/schema.ts";
import { runArtifactUri } from "../experiments/artifact-location.ts";
import { loggedModelNode, runNode, type Source, versionNode } from "../lineage/lineage-node.ts";
import { findLoggedModel } from "../logged-models/find-logged-model.ts";
import { resolveUri } from "../resolve/resolve-uri.ts";
import { downloadUriOf, type VersionRow, versionMessage } from "./find-version.ts";
import { parseVersionSource, refusal } from "./version-source.ts";

export interface NamedSource {
  readonly source: string;
  /** Empty if none is named. */
  readonly run: string;
  /** `m-<32 hex digits>`; empty if none is named. */
  readonly loggedModel: string;
  /** Of the version: they tell a prompt, whose text is in its tags, from a model. */
  readonly tags: Readonly<Record<string, string>>;
}

export interface FollowedSource {
  /** As it is kept. */
  readonly source: string;
  /** Where clients of MLflow fetch the files from. */
  readonly location: string;
  /** The id of the run, whether it is here or not; empty if there is none. */
  readonly run: string;
  readonly loggedModel: FoundLoggedModel | undefined;
  /** Where files may be on this server: a path without scheme. */
  readonly folder: string | undefined;
  /** The version that it is a copy of. */
  readonly original: VersionRow | undefined;
}

export interface FoundLoggedModel {
  readonly id: string;
  readonly name: string;
  /** 32 hex digits; empty if no run made it. */
  readonly run: string;
  readonly artifactUri: string;
}

/**
 * @throws AppError `SOURCE_INVALID`, `LOGGED_MODEL_NOT_FOUND`, and what resolving the version that is copied throws
 */
export async function followSource(db: Db, named: NamedSource): Promise<FollowedSource> {
  const parsed = parseVersionSource(named.source);
  if (isPrompt(named.tags) && parsed.kind !== "nothing")
    throw refusal(named.source, "cannot be that of a prompt, which has no files; write dummy-source");
  switch (parsed.kind) {
    case "version":
      return followVersion(db, named, parsed.name);
    case "logged-model":
      if (named.loggedModel !== parsed.id) throw notContained(named.source, "model_id");
      return followLoggedModel(db, named);
    case "stored":
      return followStored(db, named, parsed.path);
    case "run":
      // Files of a logged model are not files of the run.
      if (named.loggedModel !== "") throw notContained(named.source, "model_id");
      if (named.run !== parsed.run) throw notContained(named.source, "run_id");
      return { ...(await followNothing(db, named)), folder: await folderOfRun(db, parsed.run, parsed.path) };
    case "elsewhere":
    case "nothing":
      return followNothing(db, named);
    default:
      throw parsed satisfies never;
  }
}

/** What leads to the version directly. */
export function makersOf(
  { original, loggedModel }: FollowedSource,
  run: { run: string; name: string } | undefined,
): Source[] {
  if (original !== undefined) {
    const { model_id, number, shown_name } = original;
    return [{ node: versionNode(model_id, number, `${shown_name}/${number}`), role: "copy" }];
  }
  if (loggedModel !== undefined) return [{ node: loggedModelNode(loggedModel.id, loggedModel.name), role: "output" }];
  return run === undefined ? [] : [{ node: runNode(run.run, run.name), role: "output" }];
}

async function followVersion(db: Db, { source, run, loggedModel }: NamedSource, name: string): Promise<FollowedSource> {
  const { version } = await resolveUri(db, source);
  if (isPrompt(version.tags ?? {})) throw refusal(source, "is a prompt, of which no other version can be made");
  const { runId, loggedModelId } = versionMessage(version);
  if ((run !== "" && run !== runId) || (loggedModel !== "" && loggedModel !== loggedModelId))
    throw refusal(source, "comes from another run or logged model than run_id and model_id name");
  return {
    source: /\/\d+$/.test(source) ? source : `models:/${name}/${version.number}`,
    location: downloadUriOf(version),
    run: runId ?? "",
    // It may be deleted meanwhile; `original` names it all the same.
    loggedModel: undefined,
    folder: undefined,
    original: version,
  };
}

async function followLoggedModel(db: Db, { source, run, loggedModel }: NamedSource): Promise<FollowedSource> {
  const found = await findLoggedModel(db, loggedModel);
  const model: FoundLoggedModel = {
    id: found.id,
    name: found.name,
    run: found.sourceRunId,
    artifactUri: found.artifactUri,
  };
  return {
    source,
    location: model.artifactUri,
    run: run === "" ? model.run : run,
    loggedModel: model,
    folder: pathOfArtifactUri(model.artifactUri),
    original: undefined,
  };
}

async function followStored(db: Db, named: NamedSource, path: string): Promise<FollowedSource> {
  const { source, loggedModel } = named;
  const field = loggedModel === "" ? "run_id" : "model_id";
  const followed = await followNothing(db, named).catch((error: unknown) => {
    if (error instanceof AppError && error.reason === "LOGGED_MODEL_NOT_FOUND") throw notContained(source, field);
    throw error;
  });
  const root = followed.loggedModel
    ? pathOfArtifactUri(followed.loggedModel.artifactUri)
    : await folderOfRun(db, named.run, "");
  if (root === undefined || !`${path}/`.startsWith(`${root}/`)) throw notContained(source, field);
  return { ...followed, folder: path };
}

/** Nothing of it is here, but the run and the logged model that are named may be. */
async function followNothing(db: Db, named: NamedSource): Promise<FollowedSource> {
  const { source } = named;
  const followed = {
    source,
    location: source,
    run: named.run,
    loggedModel: undefined,
    folder: undefined,
    original: undefined,
  };
  if (named.loggedModel === "") return followed;
  return { ...(await followLoggedModel(db, named)), location: source, folder: undefined };
}

async function folderOfRun(db: Db, run: string, path: string): Promise<string | undefined> {
  if (!isRunId(run)) return undefined;
  const { rows } = await sql<{ experiment_pk: number; artifact_location: string }>`${prepared}
    select experiment_pk, artifact_location from run join experiment using (experiment_pk)
    where run_id = ${run}::uuid`.execute(db);
  const [row] = rows;
  const root = row && pathOfArtifactUri(runArtifactUri(row.experiment_pk, row.artifact_location, run));
  return root === undefined || path === "" ? root : `${root}/${path}`;
}

function isPrompt(tags: Readonly<Record<string, string>>): boolean {
  return tags["mlflow.prompt.is_prompt"]?.toLowerCase() === "true";
}

function notContained(source: string, field: string): AppError {
  return refusal(source, `is not within what ${field} names`);
}
