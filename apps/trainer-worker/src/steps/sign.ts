/**
 * Step 6: signs the model and where it comes from, with the worker's keys, before the registry sees anything.
 * @module
 */
import { arch, cpus, platform, release } from "node:os";
import type { Dependency, ProvenanceFacts } from "@mintmark/crypto/provenance";
import { type SignedDocument, signModel } from "@mintmark/registry-client";
import type { TrainingConfig } from "@mintmark/training-file";
import type { JobContext } from "../job-context.ts";
import { mintmarkVersion } from "../version.ts";
import type { DataFile } from "./load.ts";
import type { PackagedModel } from "./package.ts";

export interface SignRequest {
  readonly config: TrainingConfig;
  readonly dataFiles: readonly DataFile[];
  readonly packaged: PackagedModel;
  readonly startedAt: Date;
  readonly timings: Readonly<Record<string, number>>;
}

export function signTrained(context: JobContext, request: SignRequest): SignedDocument[] {
  return signModel({
    files: request.packaged.manifest,
    name: request.config.model,
    keys: context.keys,
    provenance: provenanceOf(context, request),
  });
}

function provenanceOf({ job, runId }: JobContext, request: SignRequest): ProvenanceFacts {
  const { config, dataFiles, startedAt, timings, packaged } = request;
  return {
    externalParameters: { model: config.model, training: JSON.parse(JSON.stringify(config)) },
    internalParameters: {
      run: runId,
      attempt: job.attempts,
      worker: job.worker,
      machine: {
        platform: platform(),
        release: release(),
        arch: arch(),
        cpu: cpus()[0]?.model ?? "",
        cpus: cpus().length,
      },
      timings,
      artifact: packaged.digest,
    },
    dependencies: [...dataFiles.map(datasetDependency), ...codeDependency(job.run?.tags ?? {})],
    builder: { id: "urn:mintmark:worker", version: { mintmark: mintmarkVersion, node: process.versions.node } },
    invocationId: runId,
    startedOn: startedAt.toISOString(),
    finishedOn: new Date().toISOString(),
  };
}

function datasetDependency({ source, blake3, sha256 }: DataFile): Dependency {
  return { name: "dataset:training", uri: source, digest: { sha256, blake3 } };
}

/** The commit of the training file's folder, where it is in one. */
function codeDependency(tags: Readonly<Record<string, string>>): Dependency[] {
  const commit = tags["git.commit"];
  return commit === undefined || commit === "" ? [] : [{ name: "code", digest: { gitCommit: commit } }];
}
