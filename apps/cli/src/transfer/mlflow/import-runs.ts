/**
 * Copies runs under their own ids: first the runs themselves, so that logged models can name them, later what they logged.
 * Every step may be repeated, so a run that an earlier import left half done is simply copied again.
 * @module
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { eachLimited } from "@mintmark/async/each-limited";
import { type MetricPointSchema, type Run, RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
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
import { findRun, listRuns, metricHistory } from "./read-source.ts";
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
      const how = await attempt(context, what, async () => {
        // A list of runs does not say which logged models they read.
        const whole = (await findRun(context.source, run.info.run_id)) ?? run;
        return fillRun(context, whole, linked.get(run.info.run_id) ?? []);
      });
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
  if ((await findHere(client, id)) !== undefined) return;
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
  const { client, source, report, check } = context;
  const { run_id: id, artifact_uri: artifactUri, lifecycle_stage } = run.info;
  const before = await findHere(client, id);
  // Making it was refused, which is reported.
  if (before === undefined) return "failed";
  const isDeleted = lifecycle_stage === "deleted";
  const differences = differencesOf(run, before);
  const complete = before.tags[sourceTag] === source.url && differences.length === 0;
  if (before.deleted && !(complete && isDeleted)) {
    // What is deleted takes no writes, so nothing can be mended.
    const known = isDeleted && differences.length > 0;
    for (const problem of known ? differences : ["was deleted here; restore it, or leave it"])
      report.differs(`run ${id}`, problem);
    return "failed";
  }
  const problems: string[] = [];
  if (!complete) await logAll(context, run);
  if (!before.deleted) {
    if (!complete || check) problems.push(...(await logHistories(context, run)));
    // The run does not tell whether it has them: they may be values of its own that were linked later.
    await logPoints(client, id, linked);
    await copyFiles(context, { kind: "run", id, artifactUri }, before.artifactUri);
  }
  if (!complete) await end(context, run);
  const after = (await findHere(client, id))!;
  problems.push(...differencesOf(run, after));
  for (const problem of problems) report.differs(`run ${id}`, problem);
  // Last of all: what has it is complete.
  if (!complete && problems.length === 0) await client.runs.logBatch({ runId: id, tags: { [sourceTag]: source.url } });
  if (isDeleted && !after.deleted) await client.runs.deleteRun({ id });
  return complete ? "present" : "copied";
}

async function logAll({ client }: Import, run: SourceRun): Promise<void> {
  const runId = run.info.run_id;
  for (const part of chunks(Object.entries(byKey(run.data?.params)), mostPairs))
    await client.runs.logBatch({ runId, params: Object.fromEntries(part) });
  for (const part of chunks(Object.entries(tagsOf(run.data?.tags)), mostPairs))
    await client.runs.logBatch({ runId, tags: Object.fromEntries(part) });
  await client.runs.logBatch({ runId, inputs: inputsOf(run) });
  // A logged model that was not copied cannot be linked; the others are.
  for (const id of modelInputsOf(run)) await orAbsent(client.runs.logBatch({ runId, modelInputs: [id] }));
  for (const output of modelOutputsOf(run)) await orAbsent(client.runs.logBatch({ runId, modelOutputs: [output] }));
}

/** What is here already is not kept twice. Answers what is missing all the same. */
async function logHistories({ client, source }: Import, { info, data }: SourceRun): Promise<string[]> {
  const { run_id: runId } = info;
  const problems: string[] = [];
  for (const { key } of data?.metrics ?? []) {
    const seen = new Set<string>();
    for await (const page of metricHistory(source, runId, key)) {
      for (const { step = 0, timestamp: at, value } of page) seen.add(`${step} ${at} ${value}`);
      await logPoints(client, runId, page);
    }
    const here = await countPoints(client, runId, key);
    if (here < seen.size) problems.push(`metric ${key} has ${seen.size} values there, ${here} here`);
  }
  return problems;
}

/** Of a logged model that is not here they cannot say that they are about it. */
async function logPoints(client: Import["client"], runId: string, points: readonly SourceMetric[]): Promise<void> {
  for (const part of chunks(points.map(pointOf), mostPoints))
    (await orAbsent(client.runs.logBatch({ runId, metrics: part }))) ??
      (await client.runs.logBatch({ runId, metrics: part.map((point) => ({ ...point, modelId: "" })) }));
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

async function end({ client }: Import, { info }: SourceRun): Promise<void> {
  const { run_id: id, run_name: name = "" } = info;
  const endTime = timestamp(info.end_time);
  await client.runs.updateRun({
    id,
    name,
    status: statusOf(info.status),
    ...(endTime === undefined ? {} : { endTime }),
  });
}

/** What is not here as it is at the source, but for the histories of metrics. */
function differencesOf(run: SourceRun, here: Run): string[] {
  const { info, data } = run;
  const inputs = new Set(here.inputs.map(textOfInput));
  const outputs = new Map(here.modelOutputs.map(({ modelId, step }) => [modelId, step]));
  return [
    ...Object.keys(lacking(byKey(data?.params), here.params)).map((key) => `param ${key} differs`),
    ...Object.keys(lacking(tagsOf(data?.tags), here.tags)).map((key) => `tag ${key} differs`),
    ...(data?.metrics ?? [])
      .filter((metric) => !Object.is(numberOf(metric), here.metrics[metric.key]))
      .map(({ key, value }) => `metric ${key} is ${value} there, ${here.metrics[key]} here`),
    ...inputsOf(run)
      .filter((input) => !inputs.has(textOfInput(input)))
      .map(({ name, digest }) => `data set ${name} (${digest}) that it read differs`),
    ...modelInputsOf(run)
      .filter((id) => !here.modelInputs.includes(id))
      .map((id) => `logged model ${id} that it read is missing`),
    ...modelOutputsOf(run)
      .filter(({ modelId, step }) => outputs.get(modelId) !== step)
      .map(({ modelId }) => `logged model ${modelId} that it made ${outputs.has(modelId) ? "differs" : "is missing"}`),
    ...[
      { field: "name", there: info.run_name, found: here.name },
      { field: "start_time", there: info.start_time, found: millisecondsOf(here.startTime) },
      { field: "end_time", there: info.end_time, found: millisecondsOf(here.endTime) },
      { field: "status", there: info.status, found: wordOf(RunStatus, here.status) },
    ]
      // What was not said there was made up here.
      .filter(({ there = "", found }) => there !== "" && String(there) !== String(found))
      .map(({ field, there, found }) => `${field} is ${there} there, ${found} here`),
  ];
}

function millisecondsOf(time: Timestamp | undefined): number | undefined {
  return time && timestampMs(time);
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

/** What says the same of data is the same text. */
function textOfInput(input: ReturnType<typeof inputsOf>[number]): string {
  const { name, digest, sourceType, source, schemaJson, profileJson, role, tags } = input;
  return JSON.stringify([name, digest, sourceType, source, schemaJson, profileJson, role, Object.entries(tags).sort()]);
}

function modelInputsOf({ inputs }: SourceRun): readonly string[] {
  return (inputs?.model_inputs ?? []).map(({ model_id }) => model_id);
}

function modelOutputsOf({ outputs }: SourceRun) {
  return (outputs?.model_outputs ?? []).map(({ model_id: modelId, step = 0 }) => ({ modelId, step: BigInt(step) }));
}

async function findHere(client: Import["client"], id: string): Promise<Run | undefined> {
  return (await orAbsent(client.runs.getRun({ id })))?.run;
}
