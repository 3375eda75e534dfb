/**
 * Copies what an MLflow server has, through the native API: runs and logged models keep their ids, versions their numbers, so
 * that every URI goes on meaning the same.
 *
 * An import that ended early is started again with the same words: what is here is looked at, and completed where something
 * is missing. At the end everything has been compared with the source.
 * @module
 */
import type { Answer } from "../../answer.ts";
import type { Session } from "../../session.ts";
import { orAbsent } from "../or-absent.ts";
import { newReport, reportAnswer } from "../report.ts";
import { type Import, nouns, type Selection } from "./import.ts";
import { deleteExperiments, type Homes, importExperiments } from "./import-experiments.ts";
import { importLoggedModels } from "./import-logged-models.ts";
import { importModels } from "./import-models.ts";
import { createRuns, fillRuns } from "./import-runs.ts";
import { listLoggedModels, listRuns } from "./read-source.ts";
import type { Pair } from "./records.ts";
import { select } from "./select.ts";
import { mlflowSource } from "./source.ts";
import { createStandIns, deleteStandIns } from "./stand-ins.ts";

export interface ImportMlflow {
  /** Names; with neither these nor models, everything is copied. */
  readonly experiments: readonly string[];
  readonly models: readonly string[];
  readonly deleted: boolean;
  readonly check: boolean;
  /** Only says what there is to copy. */
  readonly dryRun: boolean;
}

/** @throws AppError MLFLOW_UNREACHABLE, MLFLOW_DENIED, MLFLOW_REFUSED, IMPORT_SOURCE_NOT_FOUND, OPTION_INVALID */
export async function importMlflow(session: Session, uri: string, options: ImportMlflow): Promise<Answer> {
  const { client, progress, signal } = session;
  const source = mlflowSource(uri, session);
  const report = newReport(nouns);
  const context: Import = { source, client, report, progress, signal, deleted: options.deleted, check: options.check };
  progress.step(`reading what ${source.url} has`);
  const selection = await select(source, options);
  if (options.dryRun) await look(context, selection);
  else await copy(context, selection);
  return reportAnswer(report, { source: source.url, dry_run: options.dryRun });
}

async function copy(context: Import, selection: Selection): Promise<void> {
  const { progress } = context;
  const { experiments } = selection;
  const homes = await importExperiments(context, experiments);
  progress.step("copying runs");
  await createRuns(context, experiments, homes);
  progress.step("copying logged models");
  const linked = await importLoggedModels(context, experiments, homes);
  const standIns = await createStandIns(context, selection.models);
  progress.step("copying what runs logged");
  await fillRuns(context, experiments, homes, linked);
  progress.step("copying models and versions");
  await importModels(context, namingHomes(selection.models, homes), standIns);
  await deleteStandIns(context, standIns);
  await deleteExperiments(context, experiments, homes);
}

/** Prompts name the experiments that they are used in, by ids that are others here. */
function namingHomes(models: Selection["models"], homes: Homes): Selection["models"] {
  const told = <T extends { readonly tags?: readonly Pair[] }>(entry: T): T => ({
    ...entry,
    ...(entry.tags === undefined
      ? {}
      : { tags: entry.tags.map((tag) => (tag.key === experimentsTag ? here(tag) : tag)) }),
  });
  const here = ({ key, value = "" }: Pair): Pair => {
    const ids = value.split(",").flatMap((id) => homes.get(id) ?? []);
    return { key, value: `,${ids.join(",")},` };
  };
  return models.map(({ model, versions }) => ({ model: told(model), versions: versions.map(told) }));
}

const experimentsTag = "_mlflow_experiment_ids";

/** Counts what is at the source, and what of it is here already; files are not listed. */
async function look({ source, client, report, deleted }: Import, { experiments, models }: Selection): Promise<void> {
  const count = async (noun: (typeof nouns)[number], answer: Promise<unknown>) =>
    report.count(noun, (await orAbsent(answer)) === undefined ? "failed" : "present");
  for (const { experiment, whole, runs, loggedModels } of experiments) {
    const { experiment_id: id, name } = experiment;
    await count("experiments", client.experiments.getExperiment({ by: { case: "name", value: name } }));
    for await (const page of whole ? listRuns(source, id, deleted) : [runs])
      for (const { info } of page) await count("runs", client.runs.getRun({ id: info.run_id }));
    for await (const page of whole ? listLoggedModels(source, id) : [loggedModels])
      for (const { info } of page)
        await count("logged_models", client.loggedModels.getLoggedModel({ id: info.model_id }));
  }
  for (const { model, versions } of models) {
    await count("models", client.models.getModel({ name: model.name }));
    for (const { name, version } of versions)
      await count("versions", client.versions.getVersion({ uri: `${name}/${version}` }));
  }
}
