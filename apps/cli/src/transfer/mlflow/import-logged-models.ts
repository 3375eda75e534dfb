/**
 * Copies logged models under their own ids, so that `models:/m-…` goes on meaning the same.
 * @module
 */
import { type LoggedModel, LoggedModelStatus } from "@mintmark/proto/mintmark/tracking/v1/logged_model";
import { orAbsent } from "../or-absent.ts";
import { copyFiles } from "./copy-files.ts";
import { attempt, type Import, lacking, type SelectedExperiment, sourceTag, tagsOf, wordOf } from "./import.ts";
import type { Homes } from "./import-experiments.ts";
import { listLoggedModels } from "./read-source.ts";
import { byKey, type SourceLoggedModel, type SourceMetric } from "./records.ts";

/** The values that were measured of them, by the run that measured. */
export async function importLoggedModels(
  context: Import,
  selected: readonly SelectedExperiment[],
  homes: Homes,
): Promise<ReadonlyMap<string, readonly SourceMetric[]>> {
  const linked = new Map<string, SourceMetric[]>();
  let done = 0;
  for (const { experiment, whole, loggedModels } of selected) {
    const home = homes.get(experiment.experiment_id);
    if (home === undefined) continue;
    const pages = whole ? listLoggedModels(context.source, experiment.experiment_id) : [loggedModels];
    for await (const page of pages)
      for (const model of page) {
        const what = `logged model ${model.info.model_id}`;
        const how = await attempt(context, what, () => importLoggedModel(context, model, home));
        context.report.count("logged_models", how ?? "failed");
        context.progress.status(`logged models ${++done}`);
        if (how === undefined) continue;
        for (const { run_id = "", ...metric } of model.data?.metrics ?? [])
          linked.set(run_id, [...(linked.get(run_id) ?? []), { ...metric, model_id: model.info.model_id }]);
      }
  }
  return linked;
}

async function importLoggedModel(context: Import, model: SourceLoggedModel, experimentId: string) {
  const { client, source } = context;
  const { model_id: id, artifact_uri: artifactUri } = model.info;
  const before = await find(client, id);
  const complete = before?.tags[sourceTag] === source.url && differencesOf(model, before).length === 0;
  const here = before ?? (await create(context, model, experimentId));
  if (!complete) await bringUp(context, model, here);
  await copyFiles(context, { kind: "logged model", id, artifactUri }, here.artifactUri);
  if (!complete) await finish(context, model);
  const after = (await find(client, id))!;
  for (const problem of differencesOf(model, after)) context.report.differs(`logged model ${id}`, problem);
  return complete ? "present" : "copied";
}

async function create(
  { client }: Import,
  { info, data }: SourceLoggedModel,
  experimentId: string,
): Promise<LoggedModel> {
  const { model_id: id, name, model_type: modelType = "", source_run_id = "" } = info;
  // A run that was deleted there is not copied; the model stands without it.
  const run = source_run_id === "" ? undefined : await orAbsent(client.runs.getRun({ id: source_run_id }));
  const { model } = await client.loggedModels.createLoggedModel({
    id,
    experimentId,
    name,
    modelType,
    sourceRunId: run?.run?.id ?? "",
    tags: tagsOf(info.tags),
    params: byKey(data?.params),
  });
  return model!;
}

async function bringUp({ client }: Import, { info, data }: SourceLoggedModel, here: LoggedModel): Promise<void> {
  const { id } = here;
  const tags = lacking(tagsOf(info.tags), here.tags);
  if (Object.keys(tags).length > 0) await client.loggedModels.setLoggedModelTags({ id, tags });
  const params = lacking(byKey(data?.params), here.params);
  if (Object.keys(params).length > 0) await client.loggedModels.logLoggedModelParams({ id, params });
}

async function finish({ client, source }: Import, { info }: SourceLoggedModel): Promise<void> {
  const id = info.model_id;
  const status = statusOf(info.status);
  if (status !== LoggedModelStatus.PENDING) await client.loggedModels.finalizeLoggedModel({ id, status });
  await client.loggedModels.setLoggedModelTags({ id, tags: { [sourceTag]: source.url } });
}

function differencesOf({ info, data }: SourceLoggedModel, here: LoggedModel): string[] {
  const { [versionsTag]: _, ...tags } = tagsOf(info.tags);
  return [
    ...Object.keys(lacking(byKey(data?.params), here.params)).map((key) => `param ${key} differs`),
    ...Object.keys(lacking(tags, here.tags)).map((key) => `tag ${key} differs`),
    ...(statusOf(info.status) === here.status
      ? []
      : [`status is ${info.status} there, ${wordOf(LoggedModelStatus, here.status)} here`]),
  ];
}

/** Clients write here what was registered, each in its own words. */
const versionsTag = "mlflow.modelVersions";

function statusOf(name: string): LoggedModelStatus {
  const word = name.replace(/^LOGGED_MODEL_/, "");
  return LoggedModelStatus[word as keyof typeof LoggedModelStatus] ?? LoggedModelStatus.PENDING;
}

async function find(client: Import["client"], id: string): Promise<LoggedModel | undefined> {
  return (await orAbsent(client.loggedModels.getLoggedModel({ id })))?.model;
}
