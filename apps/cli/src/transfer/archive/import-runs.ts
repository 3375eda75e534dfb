/**
 * Takes over the experiments, runs and logged models of an archive. Those whose ids are here already stay as they are.
 * @module
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { LoggedModelStatus } from "@mintmark/proto/mintmark/tracking/v1/logged_model";
import { type DatasetInputSchema, type Run, RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import type { ArchivedFile, ArchivedLoggedModel, ArchivedRun } from "@mintmark/proto/mintmark/transfer/v1/archive";
import { pathOfArtifactUri } from "@mintmark/registry-client";
import { chunks } from "../chunks.ts";
import { orAbsent } from "../or-absent.ts";
import { type ArchiveImport, putBlob } from "./archive-import.ts";

/** The id here of each experiment in the archive. */
type Homes = ReadonlyMap<string, string>;

export async function importExperiments({ session, archive, report }: ArchiveImport): Promise<Homes> {
  const { experiments } = session.client;
  const homes = new Map<string, string>();
  for (const { id, name, tags } of archive.experiments) {
    const there = (await orAbsent(experiments.getExperiment({ by: { case: "name", value: name } })))?.experiment;
    if (there?.deleted === true) await experiments.restoreExperiment({ id: there.id });
    const here = there ?? (await experiments.createExperiment({ name, tags })).experiment!;
    homes.set(id, here.id);
    report.count("experiments", there === undefined ? "copied" : "present");
  }
  return homes;
}

export async function importRuns(context: ArchiveImport, homes: Homes): Promise<void> {
  const { session, archive, report } = context;
  for (const archived of archive.runs) {
    const run = archived.run!;
    const there = (await orAbsent(session.client.runs.getRun({ id: run.id })))?.run;
    // One that an import left half done still runs here.
    const isWhole = there !== undefined && (hasEnded(there) || !hasEnded(run));
    if (!isWhole) await fillRun(context, archived, there ?? (await createRun(context, run, homes)));
    report.count("runs", isWhole ? "present" : "copied");
  }
}

export async function importLoggedModels(context: ArchiveImport, homes: Homes): Promise<void> {
  const { session, archive, report } = context;
  const { loggedModels } = session.client;
  for (const archived of archive.loggedModels) {
    const model = archived.model!;
    const there = (await orAbsent(loggedModels.getLoggedModel({ id: model.id })))?.model;
    const isWhole = there !== undefined && there.status === model.status;
    if (!isWhole) await fillLoggedModel(context, archived, there?.artifactUri, homes.get(model.experimentId)!);
    report.count("logged_models", isWhole ? "present" : "copied");
  }
  await linkLoggedModels(context);
}

function hasEnded({ status }: Run): boolean {
  return status >= RunStatus.FINISHED;
}

async function createRun({ session }: ArchiveImport, run: Run, homes: Homes): Promise<Run> {
  const { id, user, tags, startTime, experimentId } = run;
  const name = tags["mlflow.runName"] === undefined ? run.name : "";
  const start = startTime === undefined ? {} : { startTime };
  const made = await session.client.runs.createRun({
    id,
    experimentId: homes.get(experimentId)!,
    name,
    user,
    tags,
    ...start,
  });
  return made.run!;
}

async function fillRun(
  context: ArchiveImport,
  { run: archived, points, files }: ArchivedRun,
  { id: runId, artifactUri }: Run,
): Promise<void> {
  const { runs } = context.session.client;
  const { params, inputs, status, endTime } = archived!;
  for (const part of chunks(Object.entries(params), 100))
    await runs.logBatch({ runId, params: Object.fromEntries(part) });
  for (const part of chunks(points, 1000))
    await runs.logBatch({ runId, metrics: part.map((point) => ({ ...point, modelId: "" })) });
  await runs.logBatch({ runId, inputs: inputs.map(inputOf) });
  await putFiles(context, `run ${runId}`, files, artifactUri);
  await runs.updateRun({ id: runId, status, ...(endTime === undefined ? {} : { endTime }) });
}

async function putFiles(
  context: ArchiveImport,
  what: string,
  files: readonly ArchivedFile[],
  artifactUri: string,
): Promise<void> {
  const root = pathOfArtifactUri(artifactUri);
  if (root !== undefined) for (const { path, blake3 } of files) await putBlob(context, `${root}/${path}`, blake3);
  else if (files.length > 0)
    context.report.differs(`files of ${what}`, `were not copied: its experiment keeps files at ${artifactUri}`);
}

/** Where a snapshot is fetched is for the registry to say. */
function inputOf({
  downloadPath: _,
  $typeName: __,
  $unknown: ___,
  ...input
}: Run["inputs"][number]): MessageInitShape<typeof DatasetInputSchema> {
  return input;
}

async function fillLoggedModel(
  context: ArchiveImport,
  { model: archived, files }: ArchivedLoggedModel,
  artifactUri: string | undefined,
  experimentId: string,
): Promise<void> {
  const { client } = context.session;
  const { id, name, modelType, sourceRunId, tags, params, status } = archived!;
  const run = sourceRunId === "" ? undefined : await orAbsent(client.runs.getRun({ id: sourceRunId }));
  const request = { id, experimentId, name, modelType, sourceRunId: run?.run?.id ?? "", tags, params };
  const uri = artifactUri ?? (await client.loggedModels.createLoggedModel(request)).model!.artifactUri;
  await putFiles(context, `logged model ${id}`, files, uri);
  if (status !== LoggedModelStatus.PENDING) await client.loggedModels.finalizeLoggedModel({ id, status });
}

/** Which runs made and read which logged models, and what they measured of them. */
async function linkLoggedModels({ session, archive }: ArchiveImport): Promise<void> {
  const { runs } = session.client;
  const here = new Set(archive.loggedModels.map(({ model }) => model!.id));
  const known = new Set(archive.runs.map(({ run }) => run!.id));
  for (const { run } of archive.runs) {
    const modelInputs = run!.modelInputs.filter((id) => here.has(id));
    const modelOutputs = run!.modelOutputs.filter(({ modelId }) => here.has(modelId));
    const metrics = archive.loggedModels
      .flatMap(({ model }) => model!.metrics)
      .filter(({ runId }) => known.has(runId) && runId === run!.id);
    if (modelInputs.length + modelOutputs.length + metrics.length === 0) continue;
    await unlessJob(runs.logBatch({ runId: run!.id, modelInputs, modelOutputs, metrics }));
  }
}

/** A job that ended here itself takes no more, and has all of it. */
async function unlessJob(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof ConnectError) || (error.code !== Code.FailedPrecondition && error.code !== Code.Aborted))
      throw error;
  });
}
