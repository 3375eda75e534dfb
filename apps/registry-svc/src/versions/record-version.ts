/**
 * Records a version, however it came here: what every way of making one does in its transaction, under the lock on the model's
 * head. The number, the semantic version, the registry's own statement and the card, all rows, the aliases, and the events last.
 * @module
 */
import type { ManifestFile } from "@mintmark/crypto/manifest";
import { pickledFiles, pickleWarning } from "@mintmark/crypto/pickled-files";
import { signRegistration } from "@mintmark/crypto/registration";
import { documentNames } from "@mintmark/crypto/verify-model";
import { AppError } from "@mintmark/errors";
import type { AliasName } from "@mintmark/names/alias-name";
import { isVersionNumber } from "@mintmark/names/int4";
import type { ModelName } from "@mintmark/names/model-name";
import { isRunId } from "@mintmark/names/run-id";
import type { LineageInput } from "@mintmark/proto/mintmark/registry/v1/lineage";
import type { ModelFacts } from "@mintmark/proto/mintmark/registry/v1/version";
import { sql } from "kysely";
import { prepared } from "../db/prepared.ts";
import type { Db } from "../db/schema.ts";
import { type Source, versionNode, writeEdges } from "../lineage/lineage-node.ts";
import type { ServiceDeps } from "../service-deps.ts";
import { digestOf, selectVersions, semverOf, type VersionRow } from "./find-version.ts";
import { type Bump, nextSemver, type Semver } from "./next-semver.ts";
import { readRunRecord, renderCard } from "./version-card.ts";

/** The files of a version, checked, with what is known of them. */
export interface Artifact {
  readonly files: readonly ManifestFile[];
  /** `blake3:<hex>` */
  readonly digest: string;
  /** The ids of the trusted keys whose signatures hold. */
  readonly signedBy: readonly string[];
  /** Hex; `undefined` where the files do not say. */
  readonly interface: string | undefined;
  /** The maker's signatures and attestations, by name. */
  readonly documents: ReadonlyMap<string, Uint8Array>;
}

/** Where a version comes from, as a client of MLflow says it. */
export interface Origin {
  readonly source: string;
  /** Where a client of MLflow fetches its files from; empty: the version's own. */
  readonly location: string;
  readonly runLink: string;
  /** The id of a run that is not here. */
  readonly foreignRun: string | undefined;
  readonly loggedModelPk: bigint | undefined;
}

/** A version that was registered with its files. */
export const nativeOrigin: Origin = {
  source: "",
  location: "",
  runLink: "",
  foreignRun: undefined,
  loggedModelPk: undefined,
};

export interface NewVersion {
  readonly model: LockedModel;
  /** Whether this transaction made the model. */
  readonly isNewModel: boolean;
  readonly run: FoundRun | undefined;
  readonly origin: Origin;
  /** `undefined` where the bytes are elsewhere or nowhere: then there is nothing to sign, and no card. */
  readonly artifact: Artifact | undefined;
  readonly modelType: string;
  /** The next one if not stated. */
  readonly number: number | undefined;
  readonly semver: Semver | undefined;
  readonly bump: Bump;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly aliases: readonly AliasName[];
  readonly facts: ModelFacts | undefined;
  /** What the card says that it was made from. */
  readonly inputs: readonly LineageInput[];
  /** What leads to it directly. */
  readonly sources: readonly Source[];
  /** A UUID of the caller's. */
  readonly requestId: string | undefined;
  readonly actor: string;
}

export interface Recorded {
  readonly version: VersionRow;
  /** The number of the last event; `undefined` if it was there already. */
  readonly event: bigint | undefined;
}

/** @throws AppError `SEMVER_TAKEN`, `VERSION_NUMBER_TAKEN`, `VERSION_NUMBERS_USED_UP` */
export async function recordVersion(tx: Db, keys: ServiceDeps["keys"], made: NewVersion): Promise<Recorded> {
  const { model, artifact } = made;
  const number = numberOf(made);
  const semver = await chooseSemver(tx, made);
  const about: Numbered = { number, semver: semverOf(semver) };
  const version_pk = await insertVersion(tx, number, semver, made);
  if (artifact !== undefined) {
    const documents = await composeDocuments(tx, keys, about, made, artifact);
    await insertContent(tx, version_pk, artifact.files, documents);
  }
  await insertTags(tx, model, version_pk, made.tags);
  await writeEdges(tx, made.sources, versionNode(model.id, number, `${model.shown_name}/${number}`));
  const moves = await moveAliases(tx, number, made);
  const [version] = await selectVersions(
    tx,
    sql`${prepared} select v.*, 1::int8 as place from version v where version_pk = ${version_pk}`,
  );
  if (version === undefined) throw new Error("the version just inserted is not there");
  return { version, event: await recordEvents(tx, about, made, moves) };
}

export interface LockedModel {
  readonly model_pk: bigint;
  readonly id: string;
  readonly shown_name: string;
  readonly last_version: number;
}

/** From here to the end of the transaction nobody else numbers, moves or retires anything of this model. */
export async function lockModel(tx: Db, name: ModelName): Promise<LockedModel> {
  const { rows } = await sql<LockedModel>`${prepared}
    select m.model_pk, m.id, m.shown_name, h.last_version from model m join model_head h using (model_pk)
    where m.full_name = ${name.full} and m.deleted_at is null for update of h`.execute(tx);
  const [model] = rows;
  // It was there a moment ago: somebody deleted it meanwhile.
  if (model === undefined) throw new AppError("MODEL_NOT_FOUND", { model: name.written });
  return model;
}

export interface FoundRun {
  readonly run_pk: bigint;
  readonly run: string;
  readonly is_job: boolean;
  readonly attempt_token: string | null;
  readonly name: string;
}

/** Of a run that clients only name: it may be none of this registry's. */
export async function findRun(tx: Db, run: string): Promise<FoundRun | undefined> {
  if (!isRunId(run)) return undefined;
  const { rows } = await sql<Omit<FoundRun, "run">>`
    ${prepared} select run_pk, is_job, attempt_token, name from run where run_id = ${run}::uuid`.execute(tx);
  return rows[0] && { ...rows[0], run };
}

/** Holds off a claim by another worker until this transaction has ended. */
export async function lockRun(tx: Db, run: string): Promise<FoundRun> {
  const { rows } = await sql<Omit<FoundRun, "run">>`
    select run_pk, is_job, attempt_token, name from run where run_id = ${run}::uuid for share`.execute(tx);
  const [row] = rows;
  if (row === undefined) throw new AppError("RUN_UNKNOWN", { run });
  return { ...row, run };
}

/** Numbers that are left out are as if they had been given: they never will be. */
function numberOf({ model, number }: NewVersion): number {
  const { shown_name, last_version: last } = model;
  const next = last + 1;
  if (!isVersionNumber(next)) throw new AppError("VERSION_NUMBERS_USED_UP", { model: shown_name, last });
  if (number === undefined || number >= next) return number ?? next;
  throw new AppError("VERSION_NUMBER_TAKEN", { model: shown_name, version: number, next });
}

interface Numbered {
  readonly number: number;
  readonly semver: string;
}

async function chooseSemver(tx: Db, { model, semver, bump, artifact }: NewVersion): Promise<Semver> {
  if (semver !== undefined) {
    await requireFree(tx, model, semver);
    return semver;
  }
  const highest = await tx
    .selectFrom("version")
    .select(["major", "minor", "patch", "digest", "interface"])
    .where("model_pk", "=", model.model_pk)
    .orderBy("major", "desc")
    .orderBy("minor", "desc")
    .orderBy("patch", "desc")
    .limit(1)
    .modifyEnd(prepared)
    .executeTakeFirst();
  const before = highest && {
    ...highest,
    digest: digestOf(highest),
    interface: highest.interface === null ? undefined : Buffer.from(highest.interface).toString("hex"),
  };
  return nextSemver(before, { digest: artifact?.digest, interface: artifact?.interface }, bump);
}

async function requireFree(tx: Db, { model_pk, shown_name: model }: LockedModel, semver: Semver): Promise<void> {
  const { major, minor, patch } = semver;
  const { rows } = await sql`select from version
    where model_pk = ${model_pk} and (major, minor, patch) = (${major}, ${minor}, ${patch})`.execute(tx);
  if (rows.length > 0) throw new AppError("SEMVER_TAKEN", { model, semver: semverOf(semver) });
}

async function insertVersion(tx: Db, number: number, semver: Semver, made: NewVersion): Promise<bigint> {
  const { model, run, origin, artifact } = made;
  const { version_pk } = await tx
    .with("numbered", (head) =>
      head
        .updateTable("model_head")
        .set({ last_version: number, updated_at: sql`clock_timestamp()` })
        .where("model_pk", "=", model.model_pk),
    )
    .insertInto("version")
    .values({
      model_pk: model.model_pk,
      number,
      ...semver,
      digest: artifact === undefined ? null : Buffer.from(artifact.digest.slice("blake3:".length), "hex"),
      size_bytes: BigInt(artifact === undefined ? 0 : sizeOf(artifact)),
      run_pk: run?.run_pk ?? null,
      model_type: made.modelType,
      interface: artifact?.interface === undefined ? null : Buffer.from(artifact.interface, "hex"),
      signed_by: [...(artifact?.signedBy ?? [])],
      created_by: made.actor,
      description: made.description,
      deleted_at: null,
      source: origin.source,
      location: origin.location,
      run_link: origin.runLink,
      foreign_run: origin.foreignRun ?? null,
      logged_model_pk: origin.loggedModelPk ?? null,
      request_id: made.requestId ?? null,
    })
    .returning("version_pk")
    .modifyEnd(prepared)
    .executeTakeFirstOrThrow();
  return version_pk;
}

function sizeOf({ files }: Artifact): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

/** Those of the maker, the card, and the registry's statement, which names all of them. */
async function composeDocuments(
  tx: Db,
  keys: ServiceDeps["keys"],
  { number, semver }: Numbered,
  { model, run, description, actor, facts, inputs, modelType }: NewVersion,
  artifact: Artifact,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const card = renderCard({
    name: model.shown_name,
    number,
    semver,
    digest: artifact.digest,
    description,
    modelType,
    author: actor,
    createdAt: new Date(),
    sizeBytes: sizeOf(artifact),
    signedBy: artifact.signedBy,
    run: run?.run,
    record: await readRunRecord(tx, run?.run_pk),
    facts,
    warnings: [pickleWarning(pickledFiles(artifact.files))].filter((warning) => warning !== undefined),
    inputs,
  });
  const documents = new Map(artifact.documents);
  documents.set(documentNames.card, card.json).set(documentNames.cardText, card.markdown);
  const identity = { model: model.shown_name, modelId: model.id, version: number, semver };
  const registration = signRegistration({ ...identity, files: artifact.files, documents }, keys.signing);
  return documents.set(documentNames.registration, registration);
}

async function insertContent(
  tx: Db,
  version_pk: bigint,
  files: readonly ManifestFile[],
  documents: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  const bytes = (hex: string) => Buffer.from(hex, "hex");
  await sql`${prepared}
    with manifest as (
      insert into manifest_file (version_pk, path, size, blake3, sha256)
      select ${version_pk}::bigint, * from unnest(${files.map(({ path }) => path)}::text[],
        ${files.map(({ size }) => size)}::bigint[], ${files.map(({ blake3 }) => bytes(blake3))}::bytea[],
        ${files.map(({ sha256 }) => bytes(sha256))}::bytea[])
    )
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
  if (Object.keys(tags).length === 0) return;
  await sql`${prepared}
    insert into version_tag (version_pk, model_pk, key_id, value)
    select ${version_pk}::bigint, ${model_pk}::bigint, key_of(key), value from jsonb_each_text(${JSON.stringify(tags)}::jsonb)`.execute(
    tx,
  );
}

interface Move {
  readonly alias: string;
  readonly revision: number;
  readonly from: number | null;
}

async function moveAliases(tx: Db, number: number, { model, aliases, actor }: NewVersion): Promise<Move[]> {
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

/** One statement for all of them: from the first one on, every other writer waits for this commit. */
async function recordEvents(
  tx: Db,
  { number: version, semver }: Numbered,
  { model, isNewModel, run, origin, artifact, actor }: NewVersion,
  moves: readonly Move[],
): Promise<bigint> {
  const facts = {
    ...(artifact === undefined ? {} : { digest: artifact.digest }),
    ...(run === undefined ? {} : { run: run.run }),
    ...(origin.source === "" ? {} : { source: origin.source }),
  };
  const events: { kind: string; detail: object }[] = [
    ...(isNewModel ? [{ kind: "model.created", detail: {} }] : []),
    { kind: "version.registered", detail: { version, semver, ...facts } },
    ...moves.map(({ alias, revision, from }) => ({
      kind: "alias.moved",
      detail: { alias, revision, from, to: version, reason: registrationReason },
    })),
  ];
  const { rows } = await sql<{ event: bigint }>`${prepared}
    select record_event(given.kind, ${model.model_pk}, ${actor}, given.detail) as event
    from jsonb_to_recordset(${JSON.stringify(events)}::jsonb) as given(kind text, detail jsonb)`.execute(tx);
  const last = rows.at(-1);
  if (last === undefined) throw new Error("no event was recorded");
  return last.event;
}
