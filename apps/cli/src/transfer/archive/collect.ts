/**
 * Reads what an archive is to hold: models with versions and aliases, and the runs and logged models that made them.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import { digestsOf } from "@mintmark/crypto/digests";
import type { Experiment } from "@mintmark/proto/mintmark/tracking/v1/experiment";
import type { LoggedModel } from "@mintmark/proto/mintmark/tracking/v1/logged_model";
import type { MetricPoint, Run } from "@mintmark/proto/mintmark/tracking/v1/run";
import {
  type Archive,
  type ArchivedFile,
  ArchivedFileSchema,
  type ArchivedLoggedModel,
  ArchivedLoggedModelSchema,
  type ArchivedModel,
  ArchivedModelSchema,
  type ArchivedRun,
  ArchivedRunSchema,
  type ArchivedVersion,
  ArchivedVersionSchema,
  ArchiveSchema,
} from "@mintmark/proto/mintmark/transfer/v1/archive";
import { pathOfArtifactUri, type RegistryClient, statFile } from "@mintmark/registry-client";
import { pages } from "../../pages.ts";
import { orAbsent } from "../or-absent.ts";
import { archiveFormat } from "./format.ts";

/** Where the bytes of a blob are to be had. */
export type BlobOrigin =
  | { readonly kind: "bytes"; readonly size: number; readonly bytes: Uint8Array }
  | { readonly kind: "blob"; readonly size: number; readonly sha256: string }
  /** Under a path. */
  | { readonly kind: "file"; readonly size: number; readonly path: string };

export interface Collected {
  readonly archive: Archive;
  readonly origins: ReadonlyMap<string, BlobOrigin>;
}

/** @param names all models if there are none */
export async function collect(client: RegistryClient, server: string, names: readonly string[]): Promise<Collected> {
  const origins = new Map<string, BlobOrigin>();
  const models: ArchivedModel[] = [];
  for (const name of names.length === 0 ? await everyName(client) : new Set(names))
    models.push(await collectModel(client, name, origins));
  const versions = models.flatMap((model) => model.versions.map(({ version }) => version!));
  const loggedModels = await collectLoggedModels(
    client,
    versions.map(({ loggedModelId }) => loggedModelId),
    origins,
  );
  const runIds = [...versions.map(({ runId }) => runId), ...loggedModels.map(({ model }) => model!.sourceRunId)];
  const runs = await collectRuns(client, runIds, origins);
  const experimentIds = [
    ...runs.map(({ run }) => run!.experimentId),
    ...loggedModels.map(({ model }) => model!.experimentId),
  ];
  const archive = create(ArchiveSchema, {
    format: archiveFormat,
    createTime: timestampNow(),
    server,
    models,
    experiments: await collectExperiments(client, experimentIds),
    runs,
    loggedModels,
    blobs: [...origins].map(([blake3, { size }]) => ({ blake3, size: BigInt(size) })),
  });
  return { archive, origins };
}

async function everyName(client: RegistryClient): Promise<string[]> {
  const models = await pages(Number.POSITIVE_INFINITY, "models", client.models.listModels);
  return models.map(({ name }) => name);
}

async function collectModel(
  client: RegistryClient,
  name: string,
  origins: Map<string, BlobOrigin>,
): Promise<ArchivedModel> {
  const { model } = await client.models.getModel({ name });
  const listed = await pages(Number.POSITIVE_INFINITY, "versions", (page) =>
    client.versions.listVersions({ model: name, ...page }),
  );
  const versions: ArchivedVersion[] = [];
  for (const { number } of listed.reverse()) versions.push(await collectVersion(client, `${name}/${number}`, origins));
  const moves = await pages(Number.POSITIVE_INFINITY, "moves", (page) =>
    client.aliases.listAliasMoves({ model: name, ...page }),
  );
  return create(ArchivedModelSchema, {
    model: { ...model!, latestVersions: [] },
    versions,
    aliasMoves: moves.reverse(),
  });
}

async function collectVersion(
  client: RegistryClient,
  uri: string,
  origins: Map<string, BlobOrigin>,
): Promise<ArchivedVersion> {
  const { version, files, documents } = await client.versions.getVersionContent({ uri });
  for (const { blake3, sha256, size } of files) origins.set(blake3, { kind: "blob", size: Number(size), sha256 });
  const kept = documents.map(({ name, content }) => {
    const { blake3 } = digestsOf(content);
    if (!origins.has(blake3)) origins.set(blake3, { kind: "bytes", size: content.length, bytes: content });
    return create(ArchivedFileSchema, { path: name, blake3 });
  });
  return create(ArchivedVersionSchema, { version: version!, files, documents: kept });
}

async function collectLoggedModels(
  client: RegistryClient,
  ids: readonly string[],
  origins: Map<string, BlobOrigin>,
): Promise<ArchivedLoggedModel[]> {
  const found: ArchivedLoggedModel[] = [];
  for (const id of new Set(ids)) {
    const model = id === "" ? undefined : await findLoggedModel(client, id);
    if (model === undefined) continue;
    found.push(
      create(ArchivedLoggedModelSchema, { model, files: await collectFiles(client, model.artifactUri, origins) }),
    );
  }
  return found;
}

async function collectFiles(
  client: RegistryClient,
  artifactUri: string,
  origins: Map<string, BlobOrigin>,
): Promise<ArchivedFile[]> {
  const root = pathOfArtifactUri(artifactUri);
  const files: ArchivedFile[] = [];
  const folders = root === undefined || client.bulk === undefined ? [] : [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop())
    for (const { name, isFolder } of (await client.files.listFiles({ path: folder })).entries) {
      const path = `${folder}/${name}`;
      if (isFolder) folders.push(path);
      else {
        const { blake3, size } = (await statFile(client.bulk!, path))!;
        if (!origins.has(blake3)) origins.set(blake3, { kind: "file", size, path });
        files.push(create(ArchivedFileSchema, { path: path.slice(root!.length + 1), blake3 }));
      }
    }
  return files;
}

/** With the runs that they are parts of, which come first. */
async function collectRuns(
  client: RegistryClient,
  ids: readonly string[],
  origins: Map<string, BlobOrigin>,
): Promise<ArchivedRun[]> {
  const found = new Map<string, ArchivedRun>();
  const add = async (id: string): Promise<void> => {
    const run = id === "" || found.has(id) ? undefined : await findRun(client, id);
    if (run === undefined) return;
    if (run.parentRunId !== id) await add(run.parentRunId);
    const points: MetricPoint[] = [];
    for (const key of Object.keys(run.metrics).sort()) points.push(...(await history(client, id, key)));
    const files = await collectFiles(client, run.artifactUri, origins);
    found.set(id, create(ArchivedRunSchema, { run, points, files }));
  };
  for (const id of ids) await add(id);
  return [...found.values()];
}

async function history(client: RegistryClient, runId: string, key: string): Promise<MetricPoint[]> {
  return pages(Number.POSITIVE_INFINITY, "points", (page) => client.runs.getMetricHistory({ runId, key, ...page }));
}

async function collectExperiments(client: RegistryClient, ids: readonly string[]): Promise<Experiment[]> {
  const found: Experiment[] = [];
  for (const id of new Set(ids))
    found.push((await client.experiments.getExperiment({ by: { case: "id", value: id } })).experiment!);
  return found;
}

/** What a version names may have been deleted since. */
async function findRun(client: RegistryClient, id: string): Promise<Run | undefined> {
  return (await orAbsent(client.runs.getRun({ id })))?.run;
}

async function findLoggedModel(client: RegistryClient, id: string): Promise<LoggedModel | undefined> {
  return (await orAbsent(client.loggedModels.getLoggedModel({ id })))?.model;
}
