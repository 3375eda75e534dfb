/**
 * Takes versions from a folder into the registry, signed by whoever imports: each folder becomes the version of that number, its
 * metrics and parameters a run, and `latest` the alias `current`.
 *
 * What is pickled is stored as it is, labelled, and never unpickled.
 * @module
 */
import { resolve } from "node:path";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { utf8 } from "@mintmark/crypto/bytes";
import { sha256Hex } from "@mintmark/crypto/sha256";
import type { Version } from "@mintmark/proto/mintmark/registry/v1/version";
import { RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import { pushDirectory, readSigningKeys } from "@mintmark/registry-client";
import type { Answer } from "../../answer.ts";
import type { Session } from "../../session.ts";
import { transferProgress } from "../../transfer-progress.ts";
import { chunks } from "../chunks.ts";
import { orAbsent } from "../or-absent.ts";
import { newReport, type Report, reportAnswer } from "../report.ts";
import { type FolderVersion, readFolder } from "./read-folder.ts";

const nouns = ["versions", "runs"] as const;
const latestAlias = "current";
/** On a version: which of its files a reader would unpickle. */
const unsafeTag = "mintmark.unsafe";

/** @throws AppError IMPORT_FOLDER_INVALID, KEY_FILE_MISSING, and as `push` does */
export async function importFolder(session: Session, directory: string, model: string): Promise<Answer> {
  const report = newReport(nouns);
  session.progress.step("reading the folder");
  const path = resolve(session.cwd, directory);
  const folder = await readFolder(path);
  for (const name of folder.others) report.differs(`versions/${name}`, "is no semantic version such as 1.0.0");
  for (const version of folder.versions) await importVersion({ session, report, model }, version);
  if (Object.hasOwn(folder, "latest")) await setLatest({ session, report, model }, folder.latest);
  return reportAnswer(report, { folder: path, model });
}

interface FolderImport {
  readonly session: Session;
  readonly report: Report<(typeof nouns)[number]>;
  readonly model: string;
}

async function importVersion(context: FolderImport, version: FolderVersion): Promise<void> {
  const { session, report, model } = context;
  const { semver, digest, pickles, problem } = version;
  const what = `${model}/${semver}`;
  if (problem !== undefined) report.note(`${what}: metadata.json ${problem}; it is stored as it is`);
  if (pickles.length > 0)
    report.note(`${what} is labelled unsafe: loading ${pickles.join(", ")} runs what is pickled in it`);
  const there = (await orAbsent(session.client.versions.getVersion({ uri: what })))?.version;
  const here = there ?? (await push(context, version));
  if (here.digest === digest) return report.count("versions", there === undefined ? "copied" : "present");
  report.count("versions", "failed");
  report.differs(what, `is another one here, ${here.digest}; the folder's is ${digest}`);
}

async function push(context: FolderImport, version: FolderVersion): Promise<Version> {
  const { session, model } = context;
  const { semver, location, metadata, pickles } = version;
  const runId = await writeRun(context, version);
  const unsafe = pickles.length === 0 ? {} : { [unsafeTag]: `pickle: ${pickles.join(", ")}`.slice(0, 5_000) };
  const { description, tags, facts } = metadata;
  const { version: made } = await pushDirectory(session.client, location, {
    request: { model, semver, runId, description, tags: { ...tags, ...unsafe }, facts },
    keys: await readSigningKeys(session.keyDir),
    onProgress: transferProgress(session.progress, `upload ${semver}`),
    signal: session.signal,
  });
  return made!;
}

/**
 * A run for what was measured, with an id that the version itself gives, so that an import that is started again finds it; empty if
 * there is nothing to tell.
 */
async function writeRun({ session, report, model }: FolderImport, version: FolderVersion): Promise<string> {
  const { semver, digest, metadata } = version;
  const { metrics, params, time = new Date() } = metadata;
  if (Object.keys(metrics).length + Object.keys(params).length === 0) return "";
  const { runs } = session.client;
  const runId = sha256Hex(utf8(`mintmark folder ${model} ${semver} ${digest}`)).slice(0, 32);
  const there = (await orAbsent(runs.getRun({ id: runId })))?.run;
  const at = timestampFromDate(time);
  if (there === undefined)
    await runs.createRun({ id: runId, experiment: model, name: `${model} ${semver}`, startTime: at });
  for (const part of chunks(Object.entries(params), 100))
    await runs.logBatch({ runId, params: Object.fromEntries(part) });
  const points = Object.entries(metrics).map(([key, value]) => ({ key, value, time: at }));
  for (const part of chunks(points, 1000)) await runs.logBatch({ runId, metrics: part });
  await runs.updateRun({ id: runId, status: RunStatus.FINISHED, endTime: at });
  report.count("runs", there === undefined ? "copied" : "present");
  return runId;
}

/** Says what was made of `latest`, which is a place in the folder and a name here. */
async function setLatest({ session, report, model }: FolderImport, semver: string | undefined): Promise<void> {
  const { versions, aliases } = session.client;
  if (semver === undefined)
    return report.differs(
      "latest",
      `holds the files of none of the versions, so '${model}' has no alias '${latestAlias}' by it`,
    );
  const { version } = await versions.getVersion({ uri: `${model}/${semver}` });
  await aliases.setAlias({
    model,
    alias: latestAlias,
    version: version!.number,
    reason: "latest of the imported folder",
  });
  report.note(`latest is ${semver}: the alias '${latestAlias}' points at ${model}/${version!.number}`);
}
