/**
 * Takes an archive of models into a registry: the same files by digest, the same version numbers and semantic versions, runs and
 * logged models under their ids, aliases move by move.
 *
 * Nothing is written before the whole archive was verified. What cannot be the same is the registry's own statement, which is
 * about a model of its own: the other registry's is kept beside it, as `origin.sigstore.json`.
 * @module
 */
import { resolve } from "node:path";
import { AppError } from "@mintmark/errors";
import type { ArchivedModel } from "@mintmark/proto/mintmark/transfer/v1/archive";
import { uploadBlobs } from "@mintmark/registry-client";
import type { Answer } from "../../answer.ts";
import type { Session } from "../../session.ts";
import { transferProgress } from "../../transfer-progress.ts";
import { numberedVersion } from "../numbered-version.ts";
import { orAbsent } from "../or-absent.ts";
import { newReport, reportAnswer } from "../report.ts";
import { type ArchiveImport, nouns, originTag } from "./archive-import.ts";
import { importModel } from "./import-model.ts";
import { importExperiments, importLoggedModels, importRuns } from "./import-runs.ts";
import { openArchive } from "./open-archive.ts";

export interface ImportArchive {
  /** `CATALOG.SCHEMA` for all models; empty for the names that they have. */
  readonly into: string;
  /** Old name → new name. */
  readonly rename: Readonly<Record<string, string>>;
}

/** @throws AppError ARCHIVE_REFUSED, IMPORT_NAME_TAKEN, FILE_NOT_READABLE, OPTION_INVALID */
export async function importArchive(session: Session, file: string, options: ImportArchive): Promise<Answer> {
  const { client, progress, signal } = session;
  const path = resolve(session.cwd, file);
  progress.step("verifying the archive");
  const opened = await openArchive(path);
  try {
    const { archive, blobs } = opened;
    const names = newNames(archive.models, options);
    const source = `archive:${opened.id}`;
    await requireFree(session, [...names.values()], source);
    const report = newReport(nouns);
    const context: ArchiveImport = { session, archive, blobs, names, source, report };
    progress.step("uploading what the registry lacks");
    const files = archive.models.flatMap(({ versions }) => versions.flatMap((version) => version.files));
    const wanted = new Set(files.map(({ blake3 }) => blake3));
    await uploadBlobs(
      client,
      [...wanted].map((blake3) => blobs.get(blake3)!),
      { onProgress: transferProgress(progress, "upload"), signal },
    );
    progress.step("registering");
    const homes = await importExperiments(context);
    await importRuns(context, homes);
    await importLoggedModels(context, homes);
    for (const model of inOrder(archive.models)) await importModel(context, model);
    return reportAnswer(report, { file: path, server: archive.server, names: Object.fromEntries(names) });
  } finally {
    await opened.close();
  }
}

/** @throws AppError OPTION_INVALID for a name that is not in the archive, or two models of one name */
function newNames(models: readonly ArchivedModel[], { into, rename }: ImportArchive): ReadonlyMap<string, string> {
  const names = new Map(models.map(({ model }) => [model!.name, newName(model!.name, into)]));
  for (const [from, to] of Object.entries(rename)) {
    if (!names.has(from))
      throw new AppError("OPTION_INVALID", {
        option: "--rename",
        expected: `OLD=NEW with a name of the archive (${[...names.keys()].join(", ")})`,
        value: `${from}=${to}`,
      });
    names.set(from, to);
  }
  return names;
}

/** The last part of a name of three, or the name as a whole, in another schema. */
function newName(name: string, into: string): string {
  if (into === "") return name;
  if (!/^[^.]+\.[^.]+$/.test(into))
    throw new AppError("OPTION_INVALID", { option: "--into", expected: "CATALOG.SCHEMA", value: into });
  const parts = name.split(".");
  const isFull = parts.length === 3 && !parts.includes("");
  return `${into}.${isFull ? parts[2] : name}`;
}

/** What an earlier import of the same archive began is not in the way. @throws AppError IMPORT_NAME_TAKEN */
async function requireFree({ client }: Session, names: readonly string[], source: string): Promise<void> {
  const taken: string[] = [];
  for (const name of names) {
    const model = (await orAbsent(client.models.getModel({ name })))?.model;
    if ((model !== undefined && model.tags[originTag] !== source) || names.indexOf(name) !== names.lastIndexOf(name))
      taken.push(name);
  }
  if (taken.length > 0) throw new AppError("IMPORT_NAME_TAKEN", { names: [...new Set(taken)] });
}

/** A model whose versions are copies comes after those that they are copies of. */
function inOrder(models: readonly ArchivedModel[]): ArchivedModel[] {
  const left = new Map(models.map((entry) => [entry.model!.name, entry]));
  const ordered: ArchivedModel[] = [];
  const visit = (entry: ArchivedModel) => {
    left.delete(entry.model!.name);
    for (const { version } of entry.versions) {
      const original = left.get(numberedVersion(version!.source)?.name ?? "");
      if (original !== undefined) visit(original);
    }
    ordered.push(entry);
  };
  for (const entry of models) if (left.has(entry.model!.name)) visit(entry);
  return ordered;
}
