/**
 * Registers a version: what was uploaded and signed becomes an immutable, numbered entry of a model.
 *
 * Everything that needs only the request and the stored bytes is checked first. Then, in one transaction and under the lock on
 * the model's head: the run's attempt, the number, the semantic version, the registry's own statement and the card, all rows,
 * the aliases, and the events last.
 * @module
 */
import { artifactDigest, type ManifestFile } from "@mintmark/crypto/manifest";
import { signRegistration } from "@mintmark/crypto/registration";
import { documentNames } from "@mintmark/crypto/verify-model";
import { AppError } from "@mintmark/errors";
import { type LineageInput, LineageKind } from "@mintmark/proto/mintmark/registry/v1/lineage";
import type { ModelFacts } from "@mintmark/proto/mintmark/registry/v1/version";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { retryDeadlock } from "../db/sqlstate.ts";
import { readSources, type Source, versionNode, writeEdges } from "../lineage/lineage-node.ts";
import { createModelIfMissing } from "../models/create-model.ts";
import type { AliasName } from "../names/alias-name.ts";
import type { ModelName } from "../names/model-name.ts";
import type { ServiceDeps } from "../service-deps.ts";
import { requireSigned, requireStored } from "./check-artifact.ts";
import { digestOf, selectVersions, semverOf, type VersionRow } from "./find-version.ts";
import { readInterface } from "./model-interface.ts";
import { type Bump, nextSemver, type Semver } from "./next-semver.ts";
import { readRunRecord, renderCard } from "./version-card.ts";

export interface RegisterVersion {
  readonly name: ModelName;
  readonly files: readonly ManifestFile[];
  /** The maker's signatures and attestations, by name. */
  readonly documents: ReadonlyMap<string, Uint8Array>;
  /** 32 hex digits; `undefined` for a push by hand. */
  readonly run: string | undefined;
  /** A UUID; `undefined` if the caller works under no attempt. */
  readonly attempt: string | undefined;
  readonly semver: Semver | undefined;
  readonly bump: Bump;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly aliases: readonly AliasName[];
  readonly facts: ModelFacts | undefined;
  readonly inputs: readonly LineageInput[];
  readonly actor: string;
}

export interface Registered {
  readonly version: VersionRow;
  /** The number of the last event; `undefined` if the run had registered it before. */
  readonly event: bigint | undefined;
}

/**
 * @throws AppError `BLOBS_MISSING`, `MANIFEST_MISMATCH`, `SIGNATURE_REFUSED`, `RUN_UNKNOWN`, `REGISTRATION_STALE`,
 * `PROVENANCE_MISSING`, `RUN_REGISTERED_OTHER`, `SEMVER_TAKEN`
 */
export async function registerVersion(
  { db, blobs, keys }: Pick<ServiceDeps, "db" | "blobs" | "keys">,
  request: RegisterVersion,
): Promise<Registered> {
  await requireStored(db, request.files);
  const artifact: CheckedArtifact = {
    digest: artifactDigest(request.files),
    signedBy: requireSigned(request.files, request.documents, await keys.trusted()),
    interface: await readInterface(blobs, request.files),
    sizeBytes: request.files.reduce((sum, { size }) => sum + size, 0),
    sources: await readSources(db, request.inputs),
  };
  return retryDeadlock(() => db.transaction().execute((tx) => register(tx, keys, request, artifact)));
}

/** What was found out about an artifact before the transaction. */
interface CheckedArtifact {
  /** `blake3:<hex>` */
  readonly digest: string;
  readonly signedBy: readonly string[];
  readonly interface: string | undefined;
  readonly sizeBytes: number;
  readonly sources: readonly Source[];
}

async function register(
  tx: Db,
  keys: ServiceDeps["keys"],
  request: RegisterVersion,
  artifact: CheckedArtifact,
): Promise<Registered> {
  const { name, actor, files, facts } = request;
  const isNew = await createModelIfMissing(tx, { name, description: "", tags: {}, actor });
  const model = await lockModel(tx, name);
  const run = request.run === undefined ? undefined : await lockRun(tx, request.run);
  const before = run === undefined ? undefined : await registeredBefore(tx, model, run, artifact.digest);
  if (before !== undefined) return { version: before, event: undefined };
  requireAttempt(run, request.attempt);
  requireProvenance(run, request.documents);

  const number = model.last_version + 1;
  const semver = await chooseSemver(tx, model, request, artifact);
  const about = { name: model.shown_name, number, semver: semverOf(semver), digest: artifact.digest };
  const card = renderCard({
    ...about,
    description: request.description,
    author: actor,
    createdAt: new Date(),
    sizeBytes: artifact.sizeBytes,
    signedBy: artifact.signedBy,
    run: request.run,
    record: await readRunRecord(tx, run?.run_pk),
    facts,
    inputs: request.inputs,
  });
  const documents = new Map(request.documents);
  documents.set(documentNames.card, card.json).set(documentNames.cardText, card.markdown);
  const identity = { model: about.name, modelId: model.id, version: number, semver: about.semver };
  documents.set(documentNames.registration, signRegistration({ ...identity, files, documents }, keys.signing));

  const version_pk = await insertVersion(tx, { model, number, semver, run, request, artifact });
  await insertContent(tx, version_pk, files, documents);
  await insertTags(tx, model, version_pk, request.tags);
  await writeLineage(tx, model, number, run, artifact.sources);
  const moves = await moveAliases(tx, model, number, request);
  const event = await recordEvents(tx, { isNew, model, about, run, actor, moves });
  const [version] = await selectVersions(tx, sql`select * from version where version_pk = ${version_pk}`);
  if (version === undefined) throw new Error("the version just inserted is not there");
  return { version, event };
}

interface LockedModel {
  readonly model_pk: bigint;
  readonly id: string;
  readonly shown_name: string;
  readonly last_version: number;
}

/** From here to the end of the transaction nobody else numbers, moves or retires anything of this model. */
async function lockModel(tx: Db, name: ModelName): Promise<LockedModel> {
  const { rows } = await sql<LockedModel>`
    select m.model_pk, m.id, m.shown_name, h.last_version from model m join model_head h using (model_pk)
    where m.full_name = ${name.full} and m.deleted_at is null for update of h`.execute(tx);
  const [model] = rows;
  // It was there a moment ago: somebody deleted it meanwhile.
  if (model === undefined) throw new AppError("MODEL_NOT_FOUND", { model: name.written });
  return model;
}

interface LockedRun {
  readonly run_pk: bigint;
  readonly run: string;
  readonly is_job: boolean;
  readonly attempt_token: string | null;
  readonly name: string;
}

/** Holds off a claim by another worker until this transaction has ended. */
async function lockRun(tx: Db, run: string): Promise<LockedRun> {
  const { rows } = await sql<Omit<LockedRun, "run">>`
    select run_pk, is_job, attempt_token, name from run where run_id = ${run}::uuid for share`.execute(tx);
  const [row] = rows;
  if (row === undefined) throw new AppError("RUN_UNKNOWN", { run });
  return { ...row, run };
}

/** Asked before the attempt is checked: repeating a call whose answer was lost has to succeed, also after the attempt ended. */
async function registeredBefore(
  tx: Db,
  { model_pk }: LockedModel,
  { run_pk, run }: LockedRun,
  digest: string,
): Promise<VersionRow | undefined> {
  const [version] = await selectVersions(
    tx,
    sql`select * from version where run_pk = ${run_pk} and model_pk = ${model_pk} and deleted_at is null
      order by number limit 1`,
  );
  if (version === undefined) return undefined;
  const registered = digestOf(version);
  if (registered === digest) return version;
  const { shown_name: model, number } = version;
  throw new AppError("RUN_REGISTERED_OTHER", { run, model, version: number, digest: registered ?? "no digest" });
}

function requireAttempt(run: LockedRun | undefined, attempt: string | undefined): void {
  if (run?.is_job !== true) return;
  if (run.attempt_token === null || run.attempt_token !== attempt)
    throw new AppError("REGISTRATION_STALE", { run: run.run });
}

/** What is made here can be traced to its data and code; only what is brought from elsewhere may come without. */
function requireProvenance(run: LockedRun | undefined, documents: RegisterVersion["documents"]): void {
  if (run?.is_job !== true || documents.has(documentNames.provenance)) return;
  throw new AppError("PROVENANCE_MISSING", { run: run.run, document: documentNames.provenance });
}

async function chooseSemver(
  tx: Db,
  { model_pk, shown_name }: LockedModel,
  { semver, bump }: RegisterVersion,
  artifact: CheckedArtifact,
): Promise<Semver> {
  if (semver !== undefined) {
    await requireFree(tx, model_pk, shown_name, semver);
    return semver;
  }
  const highest = await tx
    .selectFrom("version")
    .select(["major", "minor", "patch", "digest", "interface"])
    .where("model_pk", "=", model_pk)
    .orderBy("major", "desc")
    .orderBy("minor", "desc")
    .orderBy("patch", "desc")
    .limit(1)
    .executeTakeFirst();
  const before = highest && {
    ...highest,
    digest: digestOf(highest),
    interface: highest.interface === null ? undefined : Buffer.from(highest.interface).toString("hex"),
  };
  return nextSemver(before, artifact, bump);
}

async function requireFree(tx: Db, model_pk: bigint, model: string, semver: Semver): Promise<void> {
  const { major, minor, patch } = semver;
  const { rows } = await sql`select from version
    where model_pk = ${model_pk} and (major, minor, patch) = (${major}, ${minor}, ${patch})`.execute(tx);
  if (rows.length > 0) throw new AppError("SEMVER_TAKEN", { model, semver: semverOf(semver) });
}

interface NewVersion {
  readonly model: LockedModel;
  readonly number: number;
  readonly semver: Semver;
  readonly run: LockedRun | undefined;
  readonly request: RegisterVersion;
  readonly artifact: CheckedArtifact;
}

async function insertVersion(tx: Db, { model, number, semver, run, request, artifact }: NewVersion): Promise<bigint> {
  const { version_pk } = await tx
    .insertInto("version")
    .values({
      model_pk: model.model_pk,
      number,
      ...semver,
      digest: Buffer.from(artifact.digest.slice("blake3:".length), "hex"),
      size_bytes: BigInt(artifact.sizeBytes),
      run_pk: run?.run_pk ?? null,
      model_type: request.facts?.modelType ?? "",
      interface: artifact.interface === undefined ? null : Buffer.from(artifact.interface, "hex"),
      signed_by: [...artifact.signedBy],
      created_by: request.actor,
      description: request.description,
      deleted_at: null,
    })
    .returning("version_pk")
    .executeTakeFirstOrThrow();
  await sql`update model_head set last_version = ${number}, updated_at = clock_timestamp()
    where model_pk = ${model.model_pk}`.execute(tx);
  return version_pk;
}

async function insertContent(
  tx: Db,
  version_pk: bigint,
  files: readonly ManifestFile[],
  documents: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  const bytes = (hex: string) => Buffer.from(hex, "hex");
  await sql`
    insert into manifest_file (version_pk, path, size, blake3, sha256)
    select ${version_pk}::bigint, * from unnest(${files.map(({ path }) => path)}::text[], ${files.map(({ size }) => size)}::bigint[],
      ${files.map(({ blake3 }) => bytes(blake3))}::bytea[], ${files.map(({ sha256 }) => bytes(sha256))}::bytea[])`.execute(
    tx,
  );
  await sql`
    insert into version_document (version_pk, name, content)
    select ${version_pk}::bigint, * from unnest(${[...documents.keys()]}::text[],
      ${[...documents.values()].map((content) => Buffer.from(content))}::bytea[])`.execute(tx);
}

async function insertTags(
  tx: Db,
  { model_pk }: LockedModel,
  version_pk: bigint,
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  await sql`
    insert into version_tag (version_pk, model_pk, key_id, value)
    select ${version_pk}::bigint, ${model_pk}::bigint, key_of(key), value from jsonb_each_text(${JSON.stringify(tags)}::jsonb)`.execute(
    tx,
  );
}

/** What the run read leads to the run, and the run to the version; without a run the sources lead to the version itself. */
async function writeLineage(
  tx: Db,
  model: LockedModel,
  number: number,
  run: LockedRun | undefined,
  sources: readonly Source[],
): Promise<void> {
  const version = versionNode(model.id, number, `${model.shown_name}/${number}`);
  if (run === undefined) return writeEdges(tx, sources, version);
  const runNode = { kind: LineageKind.RUN, identity: run.run, label: run.name };
  await writeEdges(tx, sources, runNode);
  await writeEdges(tx, [{ node: runNode, role: "output" }], version);
}

interface Move {
  readonly alias: string;
  readonly revision: number;
  readonly from: number | null;
}

async function moveAliases(
  tx: Db,
  model: LockedModel,
  number: number,
  { aliases, actor }: RegisterVersion,
): Promise<Move[]> {
  const moves: Move[] = [];
  for (const alias of new Set(aliases)) {
    const { rows } = await sql<{ revision: number; from_number: number | null }>`
      select revision, from_number from write_alias(${model.model_pk}, ${alias}, ${number}, ${actor}, ${registrationReason})`.execute(
      tx,
    );
    const [move] = rows;
    if (move !== undefined) moves.push({ alias, revision: move.revision, from: move.from_number });
  }
  return moves;
}

const registrationReason = "registered with this alias";

interface WhatHappened {
  readonly isNew: boolean;
  readonly model: LockedModel;
  readonly about: { readonly number: number; readonly semver: string; readonly digest: string };
  readonly run: LockedRun | undefined;
  readonly actor: string;
  readonly moves: readonly Move[];
}

/** One statement for all of them: from the first one on, every other writer waits for this commit. */
async function recordEvents(tx: Db, { isNew, model, about, run, actor, moves }: WhatHappened): Promise<bigint> {
  const { number: version, semver, digest } = about;
  const events: { kind: string; detail: object }[] = [
    ...(isNew ? [{ kind: "model.created", detail: {} }] : []),
    { kind: "version.registered", detail: { version, semver, digest, ...(run === undefined ? {} : { run: run.run }) } },
    ...moves.map(({ alias, revision, from }) => ({
      kind: "alias.moved",
      detail: { alias, revision, from, to: version, reason: registrationReason },
    })),
  ];
  const { rows } = await sql<{ event: bigint }>`
    select record_event(given.kind, ${model.model_pk}, ${actor}, given.detail) as event
    from jsonb_to_recordset(${JSON.stringify(events)}::jsonb) as given(kind text, detail jsonb)`.execute(tx);
  const last = rows.at(-1);
  if (last === undefined) throw new Error("no event was recorded");
  return last.event;
}
