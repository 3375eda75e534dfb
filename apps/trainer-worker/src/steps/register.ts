/**
 * Step 8: one call that makes a version of what was pushed. Idempotent by run, and fenced by the attempt: however often a
 * job is retried, killed or continued, it registers one version.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { LineageInputSchema, LineageKind, LineageNodeSchema } from "@mintmark/proto/mintmark/registry/v1/lineage";
import { ModelFactsSchema, type Version } from "@mintmark/proto/mintmark/registry/v1/version";
import type { SignedDocument } from "@mintmark/registry-client";
import type { TrainingConfig } from "@mintmark/training-file";
import type { JobContext } from "../job-context.ts";
import { repeated } from "../retry.ts";
import type { DataFile } from "./load.ts";
import type { CardFacts, PackagedModel } from "./package.ts";

export interface RegisterRequest {
  readonly config: TrainingConfig;
  readonly dataFiles: readonly DataFile[];
  readonly packaged: PackagedModel;
  readonly documents: readonly SignedDocument[];
  readonly facts: CardFacts;
  readonly warnings: readonly string[];
}

export async function registerVersion(context: JobContext, request: RegisterRequest): Promise<Version> {
  const { registry, runId, attemptToken, signal } = context;
  const { config, packaged, documents } = request;
  const { alias, bump, description, tags } = config.register;
  const call = () =>
    registry.versions.registerVersion(
      {
        model: config.model,
        files: packaged.manifest.map((file) => ({ ...file, size: BigInt(file.size) })),
        documents: documents.map(({ name, content }) => ({ name, content: new Uint8Array(content) })),
        runId,
        attemptToken,
        bump,
        description,
        tags,
        aliases: alias,
        facts: toModelFacts(request),
        inputs: lineageInputs(context, request.dataFiles),
      },
      { signal },
    );
  const { version } = await repeated(call, { forMs: patienceMs, signal });
  if (version === undefined) throw new Error("the registry answered without a version");
  return version;
}

const patienceMs = 120_000;

function toModelFacts({ config, facts, warnings }: RegisterRequest) {
  return create(ModelFactsSchema, {
    modelType: config.algorithm.name,
    nSamples: BigInt(facts.samples),
    nFeatures: facts.features,
    featureImportance: [...facts.importance],
    singleRowLatencyUs: facts.singleRowLatencyUs,
    intendedUse: facts.intendedUse,
    limitations: facts.limitations,
    warnings: [...warnings],
  });
}

function lineageInputs({ job }: JobContext, dataFiles: readonly DataFile[]) {
  const data = dataFiles.map(({ name, blake3 }) => input("training", LineageKind.DATASET, `blake3:${blake3}`, name));
  const commit = job.run?.tags["git.commit"];
  if (commit === undefined || commit === "") return data;
  const branch = job.run?.tags["git.branch"] ?? "";
  return [...data, input("code", LineageKind.CODE, commit, branch)];
}

function input(role: string, kind: LineageKind, id: string, label: string) {
  return create(LineageInputSchema, { role, node: create(LineageNodeSchema, { kind, id, label }) });
}
