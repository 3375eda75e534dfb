/**
 * Takes over one model of an archive: its versions in the order of their numbers, then its aliases, move by move.
 * @module
 */

import { buffer } from "node:stream/consumers";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { documentNames } from "@mintmark/crypto/verify-model";
import { aliasProblem } from "@mintmark/names/alias-name";
import {
  type Document,
  type ManifestFile,
  Stage,
  type Version,
  VersionStatus,
} from "@mintmark/proto/mintmark/registry/v1/version";
import type { ArchivedModel, ArchivedVersion } from "@mintmark/proto/mintmark/transfer/v1/archive";
import { pathOfArtifactUri, readSigningKeys, reasonOf, signModel } from "@mintmark/registry-client";
import { numberedVersion } from "../numbered-version.ts";
import { orAbsent } from "../or-absent.ts";
import { type ArchiveImport, originTag, putBlob } from "./archive-import.ts";
import { factsOf } from "./card-facts.ts";

export async function importModel(context: ArchiveImport, archived: ArchivedModel): Promise<void> {
  const { session, names, report, source } = context;
  const { client } = session;
  const model = archived.model!;
  const name = names.get(model.name)!;
  const there = await orAbsent(client.models.getModel({ name }));
  if (there === undefined)
    await client.models.createModel({
      name,
      description: model.description,
      tags: { ...model.tags, [originTag]: source },
    });
  report.count("models", there === undefined ? "copied" : "present");
  for (const version of archived.versions) await importVersion(context, version, name);
  await replayAliases(context, archived, name);
  for (const { version } of archived.versions) {
    const { number, status } = version!;
    if (status === VersionStatus.ARCHIVED) await client.versions.archiveVersion({ model: name, number });
  }
}

async function importVersion(context: ArchiveImport, archived: ArchivedVersion, model: string): Promise<void> {
  const { session, report } = context;
  const { versions } = session.client;
  const wanted = archived.version!;
  const { number } = wanted;
  const there = (await orAbsent(versions.getVersion({ uri: `${model}/${number}` })))?.version;
  const here = there ?? (await createVersion(context, archived, model));
  if (here.stage !== wanted.stage && wanted.stage !== Stage.UNSPECIFIED)
    await versions.setStage({ model, number, stage: wanted.stage });
  report.count("versions", there === undefined ? "copied" : "present");
  for (const field of ["number", "semver", "digest", "description"] as const)
    if (here[field] !== wanted[field])
      report.differs(`${model}/${number}`, `${field} is ${wanted[field]} in the archive, ${here[field]} here`);
}

async function createVersion(context: ArchiveImport, archived: ArchivedVersion, model: string): Promise<Version> {
  const wanted = archived.version!;
  const source = wanted.source === "" ? undefined : await sourceHere(context, archived);
  if (source === undefined) return registerVersion(context, archived, model);
  const { number, semver, description, tags, runId, runLink, loggedModelId } = wanted;
  const { version } = await context.session.client.versions.createVersion({
    model,
    source,
    number,
    semver,
    description,
    tags,
    runLink,
    runId,
    loggedModelId: numberedVersion(source) === undefined ? loggedModelId : "",
    documents: await documentsOf(context, archived, [documentNames.origin]),
  });
  return version!;
}

/**
 * What the version is made from, in the words of this registry, once its files are there; `undefined` if the archive does not hold
 * it.
 */
async function sourceHere(context: ArchiveImport, { version, files }: ArchivedVersion): Promise<string | undefined> {
  const { source, runId, loggedModelId } = version!;
  const { archive, names } = context;
  const copied = numberedVersion(source);
  if (copied !== undefined) {
    const name = names.get(copied.name);
    return name === undefined ? undefined : `models:/${name}/${copied.number}`;
  }
  const model = archive.loggedModels.find((entry) => entry.model!.id === loggedModelId)?.model;
  if (source.startsWith("models:/")) return model === undefined ? undefined : source;
  const run = archive.runs.find((entry) => entry.run!.id === runId)?.run;
  const here = run && (await context.session.client.runs.getRun({ id: run.id })).run!.artifactUri;
  const below = run && pathInRun(source, run.id, run.artifactUri);
  if (below === undefined || here === undefined) return version!.digest === "" ? source : undefined;
  const root = pathOfArtifactUri(`${here}${below}`);
  if (root === undefined) return undefined;
  for (const { path, blake3 } of files) await putBlob(context, `${root}/${path}`, blake3);
  return source.startsWith("runs:/") ? source : `${here}${below}`;
}

/** `/path` of a source among the files of its run. */
function pathInRun(source: string, run: string, artifactUri: string): string | undefined {
  const root = source.startsWith("runs:/") ? `runs:/${run}` : artifactUri;
  return `${source}/`.startsWith(`${root}/`) ? source.slice(root.length) : undefined;
}

/** A version of its own files, signed by its maker, or by whoever imports it where the maker is not trusted here. */
async function registerVersion(context: ArchiveImport, archived: ArchivedVersion, model: string): Promise<Version> {
  const { session, report } = context;
  const { number, semver, description, tags, runId } = archived.version!;
  const makers = [documentNames.modelSignature, documentNames.modelSignatureEd25519, documentNames.provenance];
  const documents = await documentsOf(context, archived, [...makers, documentNames.origin]);
  const hasSignature = documents.some(({ name }) => name === documentNames.modelSignature);
  const request = {
    ...{ model, number, semver, description, tags, files: archived.files },
    ...factsOf(await cardOf(context, archived)),
    runId: context.archive.runs.some(({ run }) => run!.id === runId) ? runId : "",
  };
  const register = async (changes: object) =>
    (await session.client.versions.registerVersion({ ...request, ...changes })).version!;
  // A run that is a job here, or made a version of this model before, is not asked again.
  const withRun = async (changes: object) => {
    try {
      return await register(changes);
    } catch (error) {
      if (!runRefused.has(reasonOf(error) ?? "")) throw error;
      report.note(`${model}/${number} is registered without its run, which is a job here`);
      return register({ ...changes, runId: "" });
    }
  };
  try {
    if (hasSignature) return await withRun({ documents });
  } catch (error) {
    if (reasonOf(error) !== "SIGNATURE_REFUSED") throw error;
    report.note(
      `${model}/${number} is signed by whoever imports it: its maker's keys are not trusted here (mintmark keys trust)`,
    );
  }
  const own = signModel({ files: plain(archived.files), name: model, keys: await readSigningKeys(session.keyDir) });
  return withRun({ documents: [...own, ...documents.filter(({ name }) => name === documentNames.origin)] });
}

const runRefused: ReadonlySet<string> = new Set(["REGISTRATION_STALE", "RUN_REGISTERED_OTHER", "PROVENANCE_MISSING"]);

function plain(files: readonly ManifestFile[]) {
  return files.map((file) => ({ ...file, size: Number(file.size) }));
}

/** The documents of these names; what the other registry stated goes by another one here. */
async function documentsOf(
  context: ArchiveImport,
  { documents }: ArchivedVersion,
  names: readonly string[],
): Promise<Pick<Document, "name" | "content">[]> {
  const found: Pick<Document, "name" | "content">[] = [];
  for (const { path, blake3 } of documents) {
    if (path === documentNames.origin) continue;
    const name = path === documentNames.registration ? documentNames.origin : path;
    if (names.includes(name)) found.push({ name, content: await bytesOf(context, blake3) });
  }
  return found;
}

async function cardOf(context: ArchiveImport, { documents }: ArchivedVersion): Promise<Uint8Array | undefined> {
  const card = documents.find(({ path }) => path === documentNames.card);
  return card === undefined ? undefined : bytesOf(context, card.blake3);
}

async function bytesOf({ blobs }: ArchiveImport, blake3: string): Promise<Uint8Array> {
  return buffer(blobs.get(blake3)!.open(0));
}

/**
 * Moves to versions that are no longer there cannot be made again, nor can those of aliases with a name that is not taken any
 * longer; both are left out.
 */
async function replayAliases(
  { session, report }: ArchiveImport,
  archived: ArchivedModel,
  model: string,
): Promise<void> {
  const { aliases } = session.client;
  const numbers = new Set(archived.versions.map(({ version }) => version!.number));
  const moves = archived.aliasMoves.filter(
    ({ alias, toVersion }) => aliasProblem(alias) === undefined && (toVersion === 0 || numbers.has(toVersion)),
  );
  let done = (await aliases.listAliasMoves({ model, pageSize: 1000 })).moves.length;
  const present = new Set<string>();
  for (const { alias, toVersion, reason, actor, time } of moves) {
    const isMove = toVersion !== 0 || present.has(alias);
    if (toVersion === 0) present.delete(alias);
    else present.add(alias);
    if (!isMove || done-- > 0) continue;
    const told = `${reason} (by ${actor}, ${time === undefined ? "" : timestampDate(time).toISOString()})`.trim();
    if (toVersion === 0) await aliases.deleteAlias({ model, alias, reason: told });
    else await aliases.setAlias({ model, alias, version: toVersion, reason: told });
  }
  const { aliases: now } = await aliases.listAliases({ model });
  const here = new Map(now.map(({ name, version }) => [name, version]));
  for (const [alias, version] of Object.entries(archived.model!.aliases))
    if (here.get(alias) !== version) report.differs(`${model}@${alias}`, differenceOf(alias, version, here.get(alias)));
}

function differenceOf(alias: string, version: number, here: number | undefined): string {
  const problem = aliasProblem(alias);
  const why = problem === undefined ? "" : `: an alias ${problem}`;
  return `is at ${version} in the archive, ${here === undefined ? "not" : `at ${here}`} here${why}`;
}
