/**
 * Copies runs under their own ids: first the runs themselves, so that logged models can name them, later what they logged.
 * Every step may be repeated, so a run that an earlier import left half done is simply copied again.
 * @module
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type MetricPointSchema, type Run, RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import { eachLimited } from "@mintmark/registry-client";
import { chunks } from "../chunks.ts";
import { orAbsent } from "../or-absent.ts";
import { copyFiles } from "./copy-files.ts";
import {
  attempt,
  type Import,
  lacking,
  type SelectedExperiment,
  sourceTag,
  tagsOf,
  timestamp,
  wordOf,
} from "./import.ts";
import type { Homes } from "./import-experiments.ts";
import { listRuns, metricHistory } from "./read-source.ts";
import { byKey, numberOf, type SourceMetric, type SourceRun } from "./records.ts";

const runsAtOnce = 4;
const mostPoints = 1000;
const mostPairs = 100;
const roleTag = "mlflow.data.context";

/** Makes the runs that are missing, parents first. */
export async function createRuns(
  context: Import,
  selected: readonly SelectedExperiment[],
  homes: Homes,
): Promise<void> {
  let done = 0;
  for await (const page of everyRun(context, selected, homes))
    for (const run of page) {
      await attempt(context, `run ${run.info.run_id}`, () => createRun(context, run, homes));
      context.progress.status(`runs ${++done}`);
    }
}

/** @param linked values that logged models say were measured of them, by run */
export async function fillRuns(
  context: Import,
  selected: readonly SelectedExperiment[],
  homes: Homes,
  linked: ReadonlyMap<string, readonly SourceMetric[]>,
): Promise<void> {
  let done = 0;
  for await (const page of everyRun(context, selected, homes))
    await eachLimited(page, runsAtOnce, async (run) => {
      const what = `run ${run.info.run_id}`;
      const how = await attempt(context, what, () => fillRun(context, run, linked.get(run.info.run_id) ?? []));
      context.report.count("runs", how ?? "failed");
      context.progress.status(`what runs logged ${++done}`);
    });
}

async function* everyRun({ source, deleted }: Import, selected: readonly SelectedExperiment[], homes: Homes) {
  for (const { experiment, whole, runs } of selected) {
    if (!homes.has(experiment.experiment_id)) continue;
    if (whole) yield* listRuns(source, experiment.experiment_id, deleted);
    else yield runs.filter(({ info }) => deleted || info.lifecycle_stage !== "deleted");
  }
}

async function createRun({ client }: Import, { info, data }: SourceRun, homes: Homes): Promise<void> {
  const { run_id: id, experiment_id, run_name = "", user_id: user = "" } = info;
  if ((await findRun(client, id)) !== undefined) return;
  const tags = tagsOf(data?.tags);
  const startTime = timestamp(info.start_time);
  await client.runs.createRun({
    id,
    experimentId: homes.get(experiment_id)!,
    name: tags["mlflow.runName"] === undefined ? run_name : "",
    user,
    tags,
    ...(startTime === undefined ? {} : { startTime }),
  });
}

async function fillRun(context: Import, run: SourceRun, linked: readonly SourceMetric[]) {
  const { client, source, report } = context;
  const { run_id: id, artifact_uri: artifactUri, lifecycle_stage } = run.info;
  const before = await findRun(client, id);
  // Making it was refused, which is reported.
  if (before === undefined) return "failed";
  const isDeleted = lifecycle_stage === "deleted";
  const complete = before.tags[sourceTag] === source.url && differencesOf(run, before).length === 0;
  if (before.deleted && !(complete && isDeleted)) {
    report.differs(`run ${id}`, "was deleted here; restore it, or leave it");
    return "failed";
  }
  if (!complete) await logAll(context, run, linked);
  if (!before.deleted) await copyFiles(context, { kind: "run", id, artifactUri }, before.artifactUri);
  if (!complete) await end(context, run);
  const after = (await findRun(client, id))!;
  const differences = differencesOf(run, after);
  for (const problem of differences) report.differs(`run ${id}`, problem);
  if (isDeleted && !after.deleted && differences.length === 0) await client.runs.deleteRun({ id });
  return complete ? "present" : "copied";
}

async function logAll(context: Import, run: SourceRun, linked: readonly SourceMetric[]): Promise<void> {
  const { client } = context;
  const runId = run.info.run_id;
  for (const part of chunks(Object.entries(byKey(run.data?.params)), mostPairs))
    await client.runs.logBatch({ runId, params: Object.fromEntries(part) });
  for (const part of chunks(Object.entries(tagsOf(run.data?.tags)), mostPairs))
    await client.runs.logBatch({ runId, tags: Object.fromEntries(part) });
  for (const { key } of run.data?.metrics ?? []) await copyHistory(context, runId, key);
  for (const part of chunks(linked, mostPoints)) await client.runs.logBatch({ runId, metrics: part.map(pointOf) });
  await client.runs.logBatch({ runId, inputs: inputsOf(run) });
  await linkModels(context, run);
}

async function copyHistory({ client, source, report }: Import, runId: string, key: string): Promise<void> {
  const seen = new Set<string>();
  for await (const page of metricHistory(source, runId, key)) {
    for (const { step = 0, timestamp: at, value } of page) seen.add(`${step} ${at} ${value}`);
    for (const part of chunks(page, mostPoints)) await client.runs.logBatch({ runId, metrics: part.map(pointOf) });
  }
  const here = await countPoints(client, runId, key);
  if (here < seen.size) report.differs(`run ${runId}`, `metric ${key} has ${seen.size} values there, ${here} here`);
}

async function countPoints(client: Import["client"], runId: string, key: string): Promise<number> {
  let count = 0;
  for (let pageToken = "", first = true; first || pageToken !== ""; first = false) {
    const page = await client.runs.getMetricHistory({ runId, key, pageSize: 25_000, pageToken });
    count += page.points.length;
    pageToken = page.nextPageToken;
  }
  return count;
}

/** A logged model that was not copied cannot be linked; the others are. */
async function linkModels(context: Import, { info, inputs, outputs }: SourceRun): Promise<void> {
  const runId = info.run_id;
  const read = (inputs?.model_inputs ?? []).map(({ model_id: id }) => ({ id, link: { modelInputs: [id] } }));
  const made = (outputs?.model_outputs ?? []).map(({ model_id: id, step = 0 }) => ({
    id,
    link: { modelOutputs: [{ modelId: id, step: BigInt(step) }] },
  }));
  for (const { id, link } of [...read, ...made])
    await attempt(context, `run ${runId}, its logged model ${id}`, () =>
      context.client.runs.logBatch({ runId, ...link }),
    );
}

/** The source tag comes last of all: what has it is complete. */
async function end({ client, source }: Import, { info }: SourceRun): Promise<void> {
  const endTime = timestamp(info.end_time);
  const status = statusOf(info.status);
  await client.runs.updateRun({ id: info.run_id, status, ...(endTime === undefined ? {} : { endTime }) });
  await client.runs.logBatch({ runId: info.run_id, tags: { [sourceTag]: source.url } });
}

/** What is not here as it is at the source. */
function differencesOf({ info, data }: SourceRun, here: Run): string[] {
  const problems = [
    ...Object.keys(lacking(byKey(data?.params), here.params)).map((key) => `param ${key} differs`),
    ...Object.keys(lacking(tagsOf(data?.tags), here.tags)).map((key) => `tag ${key} differs`),
    ...(data?.metrics ?? [])
      .filter((metric) => !Object.is(numberOf(metric), here.metrics[metric.key]))
      .map(({ key, value }) => `metric ${key} is ${value} there, ${here.metrics[key]} here`),
  ];
  if (statusOf(info.status) !== here.status)
    problems.push(`status is ${info.status} there, ${wordOf(RunStatus, here.status)} here`);
  return problems;
}

function statusOf(name: string): RunStatus {
  return RunStatus[name as keyof typeof RunStatus] ?? RunStatus.UNSPECIFIED;
}

function pointOf(metric: SourceMetric): MessageInitShape<typeof MetricPointSchema> {
  return {
    key: metric.key,
    value: numberOf(metric),
    step: BigInt(metric.step ?? 0),
    timeMs: BigInt(metric.timestamp),
    modelId: metric.model_id ?? "",
    datasetName: metric.dataset_name ?? "",
    datasetDigest: metric.dataset_digest ?? "",
  };
}

function inputsOf({ inputs }: SourceRun) {
  return (inputs?.dataset_inputs ?? []).map(({ tags: pairs, dataset }) => {
    const { [roleTag]: role = "", ...tags } = byKey(pairs);
    const { name, digest, source_type = "", source = "", schema = "", profile = "" } = dataset;
    return { name, digest, sourceType: source_type, source, schemaJson: schema, profileJson: profile, role, tags };
  });
}

async function findRun(client: Import["client"], id: string): Promise<Run | undefined> {
  return (await orAbsent(client.runs.getRun({ id })))?.run;
}
