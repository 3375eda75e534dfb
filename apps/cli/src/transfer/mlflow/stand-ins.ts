/**
 * Versions outlive the logged model that they were made from. Where the source has deleted it, another one stands in for it here: made
 * before the runs and versions that name it, with the files that the versions still give out there, and deleted after them.
 * @module
 */
import { Code, ConnectError } from "@connectrpc/connect";
import type { LoggedModel } from "@mintmark/proto/mintmark/tracking/v1/logged_model";
import { orAbsent } from "../or-absent.ts";
import { copyFiles } from "./copy-files.ts";
import { attempt, type Import, type Selection, sourceTag } from "./import.ts";
import { downloadUri, findLoggedModel } from "./read-source.ts";
import type { SourceVersion } from "./records.ts";
import { copiedFrom, loggedModelOf } from "./select.ts";

/** By the id of the logged model that was deleted. */
export type StandIns = ReadonlyMap<string, StandIn>;

interface StandIn {
  /** Of the same id, if that is free here. */
  readonly here: LoggedModel;
  /** Where the source keeps the files. */
  readonly there: string;
  /** All that are to be made from it. */
  readonly versions: readonly SourceVersion[];
}

export async function createStandIns(context: Import, models: Selection["models"]): Promise<StandIns> {
  const direct = models.flatMap(({ versions }) => versions).filter((version) => copiedFrom(version) === undefined);
  const standIns = new Map<string, StandIn>();
  for (const [id, versions] of Map.groupBy(direct, loggedModelOf)) {
    if (id === undefined) continue;
    const standIn = await attempt(context, `logged model ${id}`, () => createStandIn(context, id, versions));
    if (standIn !== undefined) standIns.set(id, standIn);
  }
  return standIns;
}

/** Those whose versions are all here; another import goes on with the others. */
export async function deleteStandIns(context: Import, standIns: StandIns): Promise<void> {
  for (const { here, versions } of standIns.values())
    if (await areHere(context, versions)) await context.client.loggedModels.deleteLoggedModel({ id: here.id });
}

/** `undefined` if nothing has to stand in. */
async function createStandIn(
  context: Import,
  id: string,
  versions: readonly SourceVersion[],
): Promise<StandIn | undefined> {
  const { client, source } = context;
  const before = (await orAbsent(client.loggedModels.getLoggedModel({ id })))?.model;
  const isNeeded =
    before === undefined
      ? !(await areHere(context, versions)) && (await findLoggedModel(source, id)) === undefined
      : before.tags[standInTag] !== undefined;
  if (!isNeeded) return undefined;
  const [version] = versions;
  const there = (await downloadUri(source, version!)).replace(new RegExp(`(/models/${id}/artifacts)/.*$`), "$1");
  const here = before ?? (await create(context, id, version!));
  if (!isElsewhere(there)) await copyFiles(context, { kind: "logged model", id, artifactUri: there }, here.artifactUri);
  return { here, there, versions };
}

/** What marks it, so that an import that is started again knows it from one that somebody made. */
const standInTag = "mintmark.import.stands_in";

async function create(context: Import, id: string, { run_id: runId = "" }: SourceVersion): Promise<LoggedModel> {
  const { client, source } = context;
  const run = runId === "" ? undefined : (await orAbsent(client.runs.getRun({ id: runId })))?.run;
  const request = {
    experimentId: run?.experimentId ?? defaultExperiment,
    sourceRunId: run?.id ?? "",
    tags: { [standInTag]: source.url },
  };
  try {
    return (await client.loggedModels.createLoggedModel({ ...request, id })).model!;
  } catch (error) {
    if (!(error instanceof ConnectError && error.code === Code.AlreadyExists)) throw error;
    // It stood in, and was deleted, when other versions came.
    return (await client.loggedModels.createLoggedModel(request)).model!;
  }
}

const defaultExperiment = "0";

async function areHere({ client, source }: Import, versions: readonly SourceVersion[]): Promise<boolean> {
  for (const { name, version } of versions) {
    const found = await orAbsent(client.versions.getVersion({ uri: `${name}/${version}` }));
    if (found?.version?.tags[sourceTag] !== source.url) return false;
  }
  return true;
}

/** Whether clients fetch it without asking the server that names it. */
export function isElsewhere(uri: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(uri) && !/^(file|mlflow-artifacts):/i.test(uri);
}
