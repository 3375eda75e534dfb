/**
 * Where a model comes from, as a SLSA provenance v1 statement: the job, its configuration, the data and code by digest.
 *
 * Source: slsa.dev/provenance/v1. Signed with Ed25519.
 * @module
 */
import type { Json } from "./canonical-json.ts";
import type { SigningKey } from "./keys.ts";
import { MalformedError } from "./malformed-error.ts";
import { type ManifestFile, sortByPath } from "./manifest.ts";
import type { SignedFile } from "./model-signature.ts";
import { type Statement, signStatement } from "./statement.ts";

export const provenanceType = "https://slsa.dev/provenance/v1";
/** What kind of build it was: a training job of Mintmark. A name, not an address. */
export const trainingBuildType = "urn:mintmark:buildtype:training:v1";

/** Something that went into the model, by digest. */
export interface Dependency {
  /** `dataset:training`, `code`, `lockfile` … */
  readonly name: string;
  readonly uri?: string;
  /** Algorithm → hex: `sha256`, `blake3`, `gitCommit`. */
  readonly digest: { readonly [algorithm: string]: string };
}

export interface ProvenanceFacts {
  /** Everything that the caller of the job decided: training file, seed, name of the model. */
  readonly externalParameters: { readonly [key: string]: Json };
  /** What the platform set: run, attempt, machine, timings. */
  readonly internalParameters?: { readonly [key: string]: Json };
  readonly dependencies: readonly Dependency[];
  /** Who built it, such as `urn:mintmark:worker`, and the versions of what it built with. */
  readonly builder: { readonly id: string; readonly version: { readonly [component: string]: string } };
  /** The id of the run. */
  readonly invocationId: string;
  /** RFC 3339, in UTC. */
  readonly startedOn: string;
  /** RFC 3339, in UTC. */
  readonly finishedOn: string;
}

/** `provenance.sigstore.json` */
export function signProvenance(
  files: readonly ManifestFile[],
  facts: ProvenanceFacts,
  key: SigningKey,
): Uint8Array<ArrayBuffer> {
  return signStatement(provenanceStatement(files, facts), key);
}

/**
 * The files whose origin a provenance states.
 * @throws MalformedError if a subject has no SHA-256.
 */
export function provenanceFiles(statement: Statement): SignedFile[] {
  return statement.subject.map(({ name, digest }) => {
    const sha256 = digest["sha256"];
    if (sha256 === undefined) throw new MalformedError(`names '${name}' without SHA-256`);
    return { path: name, sha256 };
  });
}

/** Whether it states that a training job of Mintmark made the files. */
export function isTrainingProvenance({ predicateType, predicate }: Statement): boolean {
  if (predicateType !== provenanceType) return false;
  const { buildDefinition } = predicate as { readonly buildDefinition?: { readonly buildType?: unknown } | null };
  return buildDefinition?.buildType === trainingBuildType;
}

function provenanceStatement(files: readonly ManifestFile[], facts: ProvenanceFacts): Statement {
  const { externalParameters, internalParameters = {}, dependencies, builder, invocationId } = facts;
  return {
    subject: sortByPath(files).map(({ path, sha256, blake3 }) => ({ name: path, digest: { sha256, blake3 } })),
    predicateType: provenanceType,
    predicate: {
      buildDefinition: {
        buildType: trainingBuildType,
        externalParameters,
        internalParameters,
        resolvedDependencies: dependencies.map(({ name, uri, digest }) =>
          uri === undefined ? { name, digest } : { name, uri, digest },
        ),
      },
      runDetails: {
        builder: { id: builder.id, version: builder.version },
        metadata: { invocationId, startedOn: facts.startedOn, finishedOn: facts.finishedOn },
      },
    },
  };
}
