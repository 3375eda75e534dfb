/**
 * Registers a version: what was uploaded and signed becomes an immutable, numbered entry of a model.
 *
 * Everything that needs only the request and the stored bytes is checked first. Then, in one transaction and under the lock on
 * the model's head: the run's attempt, the record, and the job that it is the version of.
 * @module
 */
import { artifactDigest, type ManifestFile } from "@mintmark/crypto/manifest";
import { documentNames } from "@mintmark/crypto/verify-model";
import { AppError } from "@mintmark/errors";
import type { AliasName } from "@mintmark/names/alias-name";
import type { ModelName } from "@mintmark/names/model-name";
import type { LineageInput } from "@mintmark/proto/mintmark/registry/v1/lineage";
import type { ModelFacts } from "@mintmark/proto/mintmark/registry/v1/version";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { retryDeadlock } from "../db/sqlstate.ts";
import { versionOfJob } from "../jobs/find-job.ts";
import { readSources, runNode, type Source, writeEdges } from "../lineage/lineage-node.ts";
import { createModelIfMissing } from "../models/create-model.ts";
import type { ServiceDeps } from "../service-deps.ts";
import { requireSigned, requireStored } from "./check-artifact.ts";
import { digestOf, selectVersions, type VersionRow } from "./find-version.ts";
import { readModelFile } from "./model-file.ts";
import type { Bump, Semver } from "./next-semver.ts";
import {
  type Artifact,
  type FoundRun,
  type LockedModel,
  lockModel,
  lockRun,
  nativeOrigin,
  type Recorded,
  recordVersion,
} from "./record-version.ts";

export interface RegisterVersion {
  readonly name: ModelName;
  readonly files: readonly ManifestFile[];
  /** The maker's signatures and attestations, by name. */
  readonly documents: ReadonlyMap<string, Uint8Array>;
  /** 32 hex digits; `undefined` for a push by hand. */
  readonly run: string | undefined;
  /** A UUID; `undefined` if the caller works under no attempt. */
  readonly attempt: string | undefined;
  /** The next one if not stated. */
  readonly number: number | undefined;
  readonly semver: Semver | undefined;
  readonly bump: Bump;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly aliases: readonly AliasName[];
  readonly facts: ModelFacts | undefined;
  readonly inputs: readonly LineageInput[];
  readonly actor: string;
}

/**
 * @throws AppError `BLOBS_MISSING`, `MANIFEST_MISMATCH`, `SIGNATURE_REFUSED`, `MODEL_TOO_COSTLY`, `RUN_UNKNOWN`, `REGISTRATION_STALE`,
 * `PROVENANCE_MISSING`, `RUN_REGISTERED_OTHER`, `SEMVER_TAKEN`, `VERSION_NUMBER_TAKEN`,
 * `VERSION_NUMBERS_USED_UP`
 */
export async function registerVersion(
  { db, blobs, keys, trials }: Pick<ServiceDeps, "db" | "blobs" | "keys" | "trials">,
  request: RegisterVersion,
): Promise<Recorded> {
  await requireStored(db, request.files);
  const { signedBy, isTrained } = requireSigned(request.files, request.documents, await keys.trusted());
  // What training made was tried there.
  if (!isTrained) await trials.requireAffordable(request.files);
  const { signature } = await readModelFile(blobs, request.files);
  const sources = await readSources(db, request.inputs);
  const { files, documents } = request;
  const artifact = { files, digest: artifactDigest(files), signedBy, interface: signature, documents };
  return retryDeadlock(() => db.transaction().execute((tx) => register(tx, keys, request, artifact, sources)));
}

async function register(
  tx: Db,
  keys: ServiceDeps["keys"],
  request: RegisterVersion,
  artifact: Artifact,
  sources: readonly Source[],
): Promise<Recorded> {
  const { name, actor } = request;
  const isNewModel = await createModelIfMissing(tx, { name, description: "", tags: {}, actor });
  const model = await lockModel(tx, name);
  const run = request.run === undefined ? undefined : await lockRun(tx, request.run);
  const before = run === undefined ? undefined : await registeredBefore(tx, model, run, artifact.digest);
  if (before !== undefined) return { version: before, event: undefined };
  requireAttempt(run, request.attempt);
  requireProvenance(run, request.documents);
  const recorded = await recordVersion(tx, keys, {
    ...request,
    model,
    isNewModel,
    run,
    origin: nativeOrigin,
    artifact,
    modelType: request.facts?.modelType ?? "",
    requestId: undefined,
    sources: await makersOf(tx, run, sources),
  });
  if (run?.is_job === true) await keepVersionOfJob(tx, run, recorded.version);
  return recorded;
}

async function keepVersionOfJob(tx: Db, { run_pk }: FoundRun, { version_pk }: VersionRow): Promise<void> {
  await tx.updateTable("job").set({ version_pk }).where("run_pk", "=", run_pk).executeTakeFirstOrThrow();
}

/** Asked before the attempt is checked: repeating a call whose answer was lost has to succeed, also after the attempt ended. */
async function registeredBefore(
  tx: Db,
  { model_pk }: LockedModel,
  run: FoundRun,
  digest: string,
): Promise<VersionRow | undefined> {
  const made = run.is_job ? versionOfJob(sql`${run.run_pk}`) : versionOfRun(run, model_pk);
  const [version] = await selectVersions(tx, sql`select v.*, 1::int8 as place from (${made}) v`);
  if (version === undefined) return undefined;
  const registered = digestOf(version);
  if (registered === digest && version.model_pk === model_pk) return version;
  const { shown_name: model, number } = version;
  const other = { run: run.run, model, version: number, digest: registered ?? "no digest" };
  throw new AppError("RUN_REGISTERED_OTHER", other);
}

/** A run that is no job may have a version of each model. */
function versionOfRun({ run_pk }: FoundRun, model_pk: bigint) {
  return sql`select * from version where run_pk = ${run_pk} and model_pk = ${model_pk} and source = '' and deleted_at is null
    order by number limit 1`;
}

function requireAttempt(run: FoundRun | undefined, attempt: string | undefined): void {
  if (run?.is_job !== true) return;
  if (run.attempt_token === null || run.attempt_token !== attempt)
    throw new AppError("REGISTRATION_STALE", { run: run.run });
}

/** What is made here can be traced to its data and code; only what is brought from elsewhere may come without. */
function requireProvenance(run: FoundRun | undefined, documents: RegisterVersion["documents"]): void {
  if (run?.is_job !== true || documents.has(documentNames.provenance)) return;
  throw new AppError("PROVENANCE_MISSING", { run: run.run, document: documentNames.provenance });
}

/** What the run read leads to the run, and the run to the version; without a run the sources lead to the version itself. */
async function makersOf(tx: Db, run: FoundRun | undefined, sources: readonly Source[]): Promise<readonly Source[]> {
  if (run === undefined) return sources;
  await writeEdges(tx, sources, runNode(run.run, run.name));
  return [{ node: runNode(run.run, run.name), role: "output" }];
}
