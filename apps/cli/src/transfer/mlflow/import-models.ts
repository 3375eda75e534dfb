/**
 * Copies registered models and prompts with their versions, which keep their numbers: what was deleted in between stays a gap.
 * @module
 */

import type { Model } from "@mintmark/proto/mintmark/registry/v1/model";
import { Stage, type Version } from "@mintmark/proto/mintmark/registry/v1/version";
import { orAbsent } from "../or-absent.ts";
import { attempt, type Import, lacking, type Selection, sourceTag, tagsOf, wordOf } from "./import.ts";
import { findLoggedModel, findRun } from "./read-source.ts";
import type { SourceModel, SourceVersion } from "./records.ts";
import { copiedFrom, loggedModelOf } from "./select.ts";
import { isElsewhere, type StandIns } from "./stand-ins.ts";

export async function importModels(context: Import, models: Selection["models"], standIns: StandIns): Promise<void> {
  const ready = new Set<string>();
  for (const { model } of models) {
    const how = await attempt(context, `model '${model.name}'`, () => importModel(context, model));
    context.report.count("models", how ?? "failed");
    if (how !== undefined) ready.add(model.name);
  }
  let done = 0;
  for (const version of inOrderOfCreation(models)) {
    if (!ready.has(version.name)) {
      context.report.count("versions", "failed");
      continue;
    }
    const what = `version ${version.name}/${version.version}`;
    const how = await attempt(context, what, () => importVersion(context, version, standIns));
    context.report.count("versions", how ?? "failed");
    context.progress.status(`versions ${++done}`);
  }
  for (const { model } of models) if (ready.has(model.name)) await importAliases(context, model);
}

/** A copy comes after what it is a copy of; within a model the numbers go up. */
function inOrderOfCreation(models: Selection["models"]): SourceVersion[] {
  const timed = models.flatMap(({ versions }) => {
    let latest = 0;
    return versions.map((version) => {
      latest = Math.max(latest, Number(version.creation_timestamp ?? 0));
      return { version, at: latest };
    });
  });
  return timed.sort((a, b) => a.at - b.at).map(({ version }) => version);
}

async function importModel({ client, source, report }: Import, model: SourceModel) {
  const { name, description = "" } = model;
  const tags = tagsOf(model.tags);
  const here = await findModel(client, name);
  if (here === undefined) {
    await client.models.createModel({ name, description, tags: { ...tags, [sourceTag]: source.url } });
    return "copied";
  }
  if (here.tags[sourceTag] !== source.url) {
    if (here.latestVersion > 0) {
      report.differs(`model '${name}'`, "is another one here; rename one of them, or delete the one here");
      return undefined;
    }
    await client.models.setModelTag({ name, key: sourceTag, value: source.url });
  }
  for (const [key, value] of Object.entries(lacking(tags, here.tags)))
    await client.models.setModelTag({ name, key, value });
  if (description !== here.description) await client.models.updateModel({ name, description });
  return "present";
}

async function importVersion(context: Import, version: SourceVersion, standIns: StandIns) {
  const { client, source } = context;
  const number = Number(version.version);
  const before = await findVersion(client, version.name, number);
  if (before !== undefined && before.tags[sourceTag] !== source.url) {
    context.report.differs(`version ${version.name}/${number}`, "is another one here");
    return undefined;
  }
  const here = before ?? (await createVersion(context, version, standIns));
  await bringUp(context, version, here);
  const after = (await findVersion(client, version.name, number))!;
  for (const problem of differencesOf(version, after))
    context.report.differs(`version ${version.name}/${number}`, problem);
  return before === undefined ? "copied" : "present";
}

async function createVersion(context: Import, version: SourceVersion, standIns: StandIns): Promise<Version> {
  const { client, source } = context;
  const { version: made } = await client.versions.createVersion({
    model: version.name,
    number: Number(version.version),
    ...(await sourceHere(context, version, standIns)),
    runLink: version.run_link ?? "",
    description: version.description ?? "",
    tags: { ...tagsOf(version.tags), [sourceTag]: source.url },
  });
  return made!;
}

/**
 * The same source in the words of this registry. Files of a run or logged model that were copied are named by where they are
 * now, however the source's server kept them.
 */
async function sourceHere({ client, source }: Import, version: SourceVersion, standIns: StandIns) {
  const { run_id: runId = "" } = version;
  // What it is a copy of says of which logged model.
  if (copiedFrom(version) !== undefined) return { source: version.source, runId };
  const named = loggedModelOf(version) ?? "";
  const standIn = standIns.get(named);
  const loggedModelId = standIn?.here.id ?? named;
  const plain = { source: version.source.replace(named, loggedModelId), runId, loggedModelId };
  if (/^models:/.test(version.source))
    return standIn !== undefined && isElsewhere(standIn.there) ? { ...plain, source: standIn.there } : plain;
  if (/^runs:/.test(version.source)) return plain;
  const folders = [
    {
      there: (await findRunFolder(source, runId)) ?? "",
      here: (await orAbsent(client.runs.getRun({ id: runId })))?.run?.artifactUri,
    },
    {
      there: standIn?.there ?? (await findLoggedModelFolder(source, named)) ?? "",
      here: (await orAbsent(client.loggedModels.getLoggedModel({ id: loggedModelId })))?.model?.artifactUri,
    },
  ];
  for (const { there, here } of folders) {
    const below = there === "" || here === undefined ? undefined : pathBelow(version.source, there);
    if (below !== undefined) return { ...plain, source: `${here}${below}` };
  }
  return plain;
}

async function findRunFolder(source: Import["source"], run: string): Promise<string | undefined> {
  return run === "" ? undefined : (await findRun(source, run))?.info.artifact_uri;
}

async function findLoggedModelFolder(source: Import["source"], id: string): Promise<string | undefined> {
  return id === "" ? undefined : (await findLoggedModel(source, id))?.info.artifact_uri;
}

/** `/path` of a URI below another; empty if it is the same one. */
function pathBelow(uri: string, root: string): string | undefined {
  const [inner, outer] = [plainUri(uri), plainUri(root)];
  return `${inner}/`.startsWith(`${outer}/`) ? inner.slice(outer.length) : undefined;
}

function plainUri(uri: string): string {
  return uri
    .replace(/^(mlflow-artifacts|file):\/\/[^/]*/, "$1:")
    .replace(/^file:/, "")
    .replace(/\/+$/, "");
}

async function bringUp({ client }: Import, version: SourceVersion, here: Version): Promise<void> {
  const { model, number } = here;
  for (const [key, value] of Object.entries(lacking(tagsOf(version.tags), here.tags)))
    await client.versions.setVersionTag({ model, number, key, value });
  const { description = "" } = version;
  if (description !== here.description) await client.versions.updateVersion({ model, number, description });
  const stage = stageOf(version);
  if (stage !== here.stage) await client.versions.setStage({ model, number, stage });
}

function differencesOf(version: SourceVersion, here: Version): string[] {
  const problems = Object.keys(lacking(tagsOf(version.tags), here.tags)).map((key) => `tag ${key} differs`);
  if (stageOf(version) !== here.stage)
    problems.push(`stage is ${version.current_stage} there, ${wordOf(Stage, here.stage)} here`);
  if ((version.description ?? "") !== here.description) problems.push("description differs");
  if (loggedModelOf(version) !== undefined && here.digest === "") problems.push("its files are not here");
  return problems;
}

function stageOf({ current_stage = "None" }: SourceVersion): Stage {
  return Stage[current_stage.toUpperCase() as keyof typeof Stage] ?? Stage.NONE;
}

async function importAliases(context: Import, { name: model, aliases = [] }: SourceModel): Promise<void> {
  const { client, source } = context;
  const here = (await findModel(client, model))!;
  const reason = `imported from ${source.url}`;
  for (const { alias, version } of aliases)
    if (here.aliases[alias] !== Number(version))
      await attempt(context, `alias ${model}@${alias}`, () =>
        client.aliases.setAlias({ model, alias, version: Number(version), reason }),
      );
}

async function findModel(client: Import["client"], name: string): Promise<Model | undefined> {
  return (await orAbsent(client.models.getModel({ name })))?.model;
}

async function findVersion(client: Import["client"], name: string, number: number): Promise<Version | undefined> {
  return (await orAbsent(client.versions.getVersion({ uri: `${name}/${number}` })))?.version;
}
