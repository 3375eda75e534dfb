/**
 * Step 1: brings the data of a job to this machine and reads it. Data comes from snapshots that were uploaded with the
 * job, from URIs that the policy allows, or from below the data root; from nowhere else.
 * @module
 */
import { open } from "node:fs/promises";
import { basename } from "node:path";
import type { Digests } from "@mintmark/crypto/digests";
import { isRemote, placeSnapshot, readOptionsOf, readTable, type Table } from "@mintmark/dataset";
import type { Snapshot } from "@mintmark/proto/mintmark/training/v1/job";
import { downloadBlob, type RegistryClient } from "@mintmark/registry-client";
import type { TrainingConfig } from "@mintmark/training-file";
import type { JobContext } from "../job-context.ts";
import { repeated } from "../retry.ts";
import { findBelowRoot } from "../sources/data-root.ts";
import { download } from "../sources/download.ts";

/** A file that was read: where from, and its bytes by digest. */
export interface DataFile extends Digests {
  /** As people call it: the last part of its path. */
  readonly name: string;
  /** A name relative to the training file, or a URI. */
  readonly source: string;
  /** On this machine. */
  readonly path: string;
}

export interface LoadedData {
  readonly table: Table;
  readonly files: readonly DataFile[];
}

/** @throws AppError of the failures of data */
export async function loadData(context: JobContext, config: TrainingConfig): Promise<LoadedData> {
  const files = await fetchFiles(context, config.data.source);
  const table = await readTable(
    readOptionsOf(
      config,
      files.map(({ path }) => path),
    ),
  );
  return { table, files };
}

async function fetchFiles(context: JobContext, source: string): Promise<DataFile[]> {
  const { job, settings } = context;
  if (isRemote(source)) return [await fetchRemote(context, source)];
  if (job.snapshots.length > 0) return fetchSnapshots(context, job.snapshots);
  const files = await findBelowRoot(source, settings.dataRoot);
  return files.map(({ name, ...file }) => ({ ...file, name: basename(name), source: name }));
}

async function fetchRemote({ settings, directory, signal }: JobContext, source: string): Promise<DataFile> {
  const name = basename(new URL(source).pathname);
  const path = await placeSnapshot(directory, 0, name);
  const fetching = () => download({ source, allowed: settings.allowedSources, path, signal });
  return { name, source, path, ...(await repeated(fetching, { forMs: patienceMs, signal })) };
}

async function fetchSnapshots(context: JobContext, snapshots: readonly Snapshot[]): Promise<DataFile[]> {
  const { registry, directory, signal } = context;
  const files: DataFile[] = [];
  for (const [index, { name, blake3, sha256, size }] of snapshots.entries()) {
    const path = await placeSnapshot(directory, index, name);
    const digests = { blake3, sha256, size: Number(size) };
    await repeated(() => fetchSnapshot(registry, digests, { path, signal }), { forMs: patienceMs, signal });
    files.push({ name: basename(name), source: name, path, ...digests });
  }
  return files;
}

const patienceMs = 60_000;

/** The digests are verified as the bytes come. */
async function fetchSnapshot(
  registry: RegistryClient,
  digests: Digests,
  { path, signal }: { readonly path: string; readonly signal: AbortSignal },
): Promise<void> {
  const file = await open(path, "w");
  try {
    const onChunk = async (chunk: Uint8Array) => void (await file.writeFile(chunk));
    await downloadBlob(registry, digests, { onChunk, signal });
  } finally {
    await file.close();
  }
}
