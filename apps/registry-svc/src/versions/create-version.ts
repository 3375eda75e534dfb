/**
 * Creates a version of what is here already, or elsewhere: of uploaded files, of another version, of a URI.
 *
 * Files that are here are frozen in the same transaction: their folder's lock is held while they are listed, and from the
 * commit on nothing in it can change. What is elsewhere gets no digest, and nothing pretends that it could be verified.
 * @module
 */
import { create as createMessage } from "@bufbuild/protobuf";
import { artifactDigest, findPathProblem, type ManifestFile } from "@mintmark/crypto/manifest";
import { documentNames } from "@mintmark/crypto/verify-model";
import type { ModelName } from "@mintmark/names/model-name";
import { type LineageInput, LineageInputSchema, LineageKind } from "@mintmark/proto/mintmark/registry/v1/lineage";
import { sql } from "kysely";
import { prepared } from "../db/prepared.ts";
import type { Db } from "../db/schema.ts";
import { retryDeadlock } from "../db/sqlstate.ts";
import { pathsBelow, requireFolderPath } from "../files/file-path.ts";
import { lockPath } from "../files/path-lock.ts";
import { loggedModelNode, runNode, writeEdges } from "../lineage/lineage-node.ts";
import type { ServiceDeps } from "../service-deps.ts";
import { maxFiles } from "./check-artifact.ts";
import { digestOf, selectVersions, type VersionRow } from "./find-version.ts";
import { type FollowedSource, followSource, makersOf, type NamedSource } from "./follow-source.ts";
import { readModelFile } from "./model-file.ts";
import type { Semver } from "./next-semver.ts";
import { readContent } from "./read-content.ts";
import {
  type Artifact,
  type FoundRun,
  findRun,
  type LockedModel,
  lockModel,
  type Recorded,
  recordVersion,
} from "./record-version.ts";
import { modelPaths } from "./try-model.ts";
import { refusal } from "./version-source.ts";

export interface CreateVersion extends NamedSource {
  readonly name: ModelName;
  readonly runLink: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  /** The next one if not stated. */
  readonly number: number | undefined;
  /** Derived if not stated. */
  readonly semver: Semver | undefined;
  /** What others said of it, by name. */
  readonly documents: ReadonlyMap<string, Uint8Array>;
  /** A UUID of the caller's; the same again makes no other version. */
  readonly requestId: string | undefined;
  readonly actor: string;
}

type Deps = Pick<ServiceDeps, "db" | "blobs" | "keys" | "trials">;

/**
 * @throws AppError `MODEL_NOT_FOUND`, `SOURCE_INVALID`, `LOGGED_MODEL_NOT_FOUND`, `MODEL_TOO_COSTLY`, and what resolving the version that is copied
 * throws, and `recordVersion`
 */
export async function createVersion(deps: Deps, request: CreateVersion): Promise<Recorded> {
  const followed = await followSource(deps.db, request);
  // Before the transaction, which others wait for; what is put there between the two the gateway finds out.
  if (followed.original === undefined && followed.folder !== undefined)
    await deps.trials.requireAffordable(await modelFilesIn(deps.db, followed.folder));
  return retryDeadlock(() => deps.db.transaction().execute((tx) => create(tx, deps, request, followed)));
}

async function create(tx: Db, deps: Deps, request: CreateVersion, followed: FollowedSource): Promise<Recorded> {
  // Before the model's lock: others may register versions of it while the files are looked at.
  const content = await contentOf(tx, deps.blobs, followed);
  const model = await lockModel(tx, request.name);
  const before = await createdBefore(tx, model, request.requestId);
  if (before !== undefined) return { version: before, event: undefined };
  const run = await findRun(tx, followed.run);
  const loggedModelPk = await findLoggedModelPk(tx, followed.loggedModel?.id ?? followed.original?.logged_model_id);
  await writeRunOfLoggedModel(tx, followed, run);
  return recordVersion(tx, deps.keys, {
    ...request,
    model,
    isNewModel: false,
    run,
    origin: {
      source: followed.source,
      location: followed.location,
      runLink: request.runLink,
      foreignRun: run === undefined && followed.run !== "" ? followed.run : undefined,
      loggedModelPk,
    },
    artifact: content && withDocuments(content.artifact, request.documents),
    modelType: content?.modelType ?? "",
    bump: "auto",
    aliases: [],
    facts: undefined,
    inputs: parentsOf(followed),
    sources: makersOf(followed, run),
  });
}

/** Also what was deleted since: to the caller whose answer was lost, that comes after its call. */
async function createdBefore(
  tx: Db,
  { model_pk }: LockedModel,
  requestId: string | undefined,
): Promise<VersionRow | undefined> {
  if (requestId === undefined) return undefined;
  const made = sql`${prepared} select v.*, 1::int8 as place from version v where model_pk = ${model_pk} and request_id = ${requestId}`;
  return (await selectVersions(tx, made))[0];
}

function withDocuments(artifact: Artifact, documents: CreateVersion["documents"]): Artifact {
  return { ...artifact, documents: new Map([...artifact.documents, ...documents]) };
}

interface Content {
  readonly artifact: Artifact;
  readonly modelType: string;
}

/** `undefined` if nothing of it is here. */
async function contentOf(tx: Db, blobs: Deps["blobs"], followed: FollowedSource): Promise<Content | undefined> {
  if (followed.original !== undefined) return copyContent(tx, followed.original);
  if (followed.folder === undefined) return undefined;
  const files = await freezeFolder(tx, followed.folder, followed.source);
  if (files.length === 0) return undefined;
  const { signature, flavor } = await readModelFile(blobs, files);
  const artifact = { files, digest: artifactDigest(files), signedBy: [], interface: signature, documents: new Map() };
  return { artifact, modelType: flavor };
}

/** Those files of a folder that are run to predict. */
async function modelFilesIn(db: Db, folder: string): Promise<readonly ManifestFile[]> {
  const [from] = pathsBelow(folder);
  const paths = modelPaths.map((path) => `${from}${path}`);
  const { rows } = await sql<{ path: string; size: bigint; blake3: Buffer; sha256: Buffer }>`
    select f.path, b.size, b.blake3, b.sha256 from stored_file f join blob b using (blake3)
    where f.path = any(${paths})`.execute(db);
  return rows.map(({ path, size, blake3, sha256 }) => ({
    path: path.slice(from.length),
    size: Number(size),
    blake3: blake3.toString("hex"),
    sha256: sha256.toString("hex"),
  }));
}

/** The same files, with what their maker signed; card and statement are about the version, so it gets its own. */
async function copyContent(tx: Db, original: VersionRow): Promise<Content | undefined> {
  const digest = digestOf(original);
  if (digest === undefined) return undefined;
  const { files, documents } = await readContent(tx, original.version_pk);
  const makers = documents
    .filter(({ name }) => !ownDocuments.has(name))
    .map(({ name, content }) => [name, content] as const);
  const { interface: described } = await tx
    .selectFrom("version")
    .select("interface")
    .where("version_pk", "=", original.version_pk)
    .executeTakeFirstOrThrow();
  const artifact = {
    files,
    digest,
    signedBy: original.signed_by,
    interface: described === null ? undefined : Buffer.from(described).toString("hex"),
    documents: new Map(makers),
  };
  return { artifact, modelType: original.model_type };
}

/** What is about one version, and no other. */
const ownDocuments: ReadonlySet<string> = new Set([
  documentNames.card,
  documentNames.cardText,
  documentNames.registration,
  documentNames.origin,
]);

/**
 * The files in a folder, which stay as they are from now on; none if nothing lies there.
 * @throws AppError `SOURCE_INVALID` if they could not be a version's
 */
async function freezeFolder(tx: Db, folder: string, source: string): Promise<readonly ManifestFile[]> {
  await lockPath(tx, requireFolderPath(folder));
  const [from, to] = pathsBelow(folder);
  const { rows } = await sql<{ path: string; size: bigint; blake3: Buffer; sha256: Buffer }>`${prepared}
    with found as (
      select f.path, b.size, b.blake3, b.sha256 from stored_file f join blob b using (blake3)
      where f.path >= ${from} and f.path < ${to} limit ${maxFiles + 1}
    ), frozen as (
      insert into frozen_folder (path) select ${folder} where exists (select from found) on conflict do nothing
    )
    select * from found`.execute(tx);
  if (rows.length === 0) return [];
  if (rows.length > maxFiles) throw refusal(source, `holds more than ${maxFiles} files`);
  const files = rows.map(({ path, size, blake3, sha256 }) => ({
    path: path.slice(folder.length + 1),
    size: Number(size),
    blake3: blake3.toString("hex"),
    sha256: sha256.toString("hex"),
  }));
  const problem = findPathProblem(files.map(({ path }) => path));
  if (problem !== undefined)
    throw refusal(
      source,
      `holds ${JSON.stringify(problem.path)}, which ${problem.problem}; a version's files must have names that every system can keep`,
    );
  return files;
}

async function findLoggedModelPk(tx: Db, id: string | null | undefined): Promise<bigint | undefined> {
  if (id === null || id === undefined) return undefined;
  const { rows } = await sql<{ logged_model_pk: bigint }>`${prepared}
    select logged_model_pk from logged_model where id = ${id.replace(/^m-/, "")}::uuid`.execute(tx);
  return rows[0]?.logged_model_pk;
}

function parentsOf({ original }: FollowedSource): readonly LineageInput[] {
  if (original === undefined) return [];
  const id = `${original.shown_name}/${original.number}`;
  const node = { kind: LineageKind.VERSION, id, label: id };
  return [createMessage(LineageInputSchema, { node, role: "copy" })];
}

/** The run leads to the logged model, and that to the version. */
async function writeRunOfLoggedModel(
  tx: Db,
  { loggedModel }: FollowedSource,
  run: FoundRun | undefined,
): Promise<void> {
  if (loggedModel === undefined || run === undefined || run.run !== loggedModel.run) return;
  const target = loggedModelNode(loggedModel.id, loggedModel.name);
  await writeEdges(tx, [{ node: runNode(run.run, run.name), role: "output" }], target);
}
