/**
 * What an import is to copy: all of it, or the experiments and models that are named, with what those models come from.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { numberedVersion } from "../numbered-version.ts";
import type { SelectedExperiment, Selection } from "./import.ts";
import { findLoggedModel, findRun, getModel, listExperiments, listModels, listVersions } from "./read-source.ts";
import type { SourceLoggedModel, SourceModel, SourceRun, SourceVersion } from "./records.ts";
import type { MlflowSource } from "./source.ts";

export interface Wanted {
  /** By name. */
  readonly experiments: readonly string[];
  /** By name. */
  readonly models: readonly string[];
  readonly deleted: boolean;
}

/** @throws AppError IMPORT_SOURCE_NOT_FOUND */
export async function select(source: MlflowSource, wanted: Wanted): Promise<Selection> {
  const all = wanted.experiments.length === 0 && wanted.models.length === 0;
  const experiments = await listExperiments(source, wanted.deleted);
  for (const name of wanted.experiments)
    if (!experiments.some((experiment) => experiment.name === name))
      throw new AppError("IMPORT_SOURCE_NOT_FOUND", { what: "experiment", name, source: source.url });
  const models = all ? await withVersions(source, await listModels(source)) : await namedModels(source, wanted.models);
  const makers = all
    ? noMakers
    : await makersOf(
        source,
        models.flatMap(({ versions }) => versions),
      );
  const selected = experiments.map((experiment): SelectedExperiment => {
    const { experiment_id: id, name } = experiment;
    return {
      experiment,
      whole: all || wanted.experiments.includes(name),
      runs: makers.runs.filter(({ info }) => info.experiment_id === id),
      loggedModels: makers.loggedModels.filter(({ info }) => info.experiment_id === id),
    };
  });
  return {
    experiments: selected.filter(({ whole, runs, loggedModels }) => whole || runs.length + loggedModels.length > 0),
    models,
  };
}

async function withVersions(source: MlflowSource, models: readonly SourceModel[]): Promise<Selection["models"]> {
  const found: { model: SourceModel; versions: SourceVersion[] }[] = [];
  for (const model of models) found.push({ model, versions: await listVersions(source, model.name) });
  return found;
}

/** With the models that versions of them are copies of. */
async function namedModels(source: MlflowSource, names: readonly string[]): Promise<Selection["models"]> {
  const found = new Map<string, Selection["models"][number]>();
  const left = [...names];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (found.has(name)) continue;
    const [entry] = await withVersions(source, [await getModel(source, name)]);
    found.set(name, entry!);
    left.push(...entry!.versions.flatMap((version) => copiedFrom(version) ?? []));
  }
  return [...found.values()];
}

/** The name of the model that the version is a copy from. */
export function copiedFrom({ source }: SourceVersion): string | undefined {
  return numberedVersion(source)?.name;
}

interface Makers {
  readonly runs: readonly SourceRun[];
  readonly loggedModels: readonly SourceLoggedModel[];
}

const noMakers: Makers = { runs: [], loggedModels: [] };

/** The runs and logged models that versions come from. */
async function makersOf(source: MlflowSource, versions: readonly SourceVersion[]): Promise<Makers> {
  const loggedModels = new Map<string, SourceLoggedModel>();
  for (const id of new Set(versions.flatMap((version) => loggedModelOf(version) ?? []))) {
    const model = await findLoggedModel(source, id);
    if (model !== undefined) loggedModels.set(id, model);
  }
  const ids = [
    ...versions.map(({ run_id }) => run_id),
    ...[...loggedModels.values()].map(({ info }) => info.source_run_id),
  ];
  const runs: SourceRun[] = [];
  for (const id of new Set(ids)) {
    const run = id ? await findRun(source, id) : undefined;
    if (run !== undefined) runs.push(run);
  }
  return { runs, loggedModels: [...loggedModels.values()] };
}

/** The logged model that the version was made from. */
export function loggedModelOf({ source, model_id }: SourceVersion): string | undefined {
  return (
    /^(?:models:\/+|mlflow-artifacts:.*\/models\/)(m-[0-9a-f]{32})(?:$|\/artifacts)/.exec(source)?.[1] ??
    (model_id || undefined)
  );
}
