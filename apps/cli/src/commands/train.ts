/**
 * `mintmark train`: a training file and its data in, a registered version out.
 * @module
 */
import { randomUUID } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import type { DescribedData, SnapshotFile } from "@mintmark/dataset";
import { AppError } from "@mintmark/errors";
import type { Job } from "@mintmark/proto/mintmark/training/v1/job";
import { fileBlob, uploadBlobs } from "@mintmark/registry-client";
import { parseTrainingFile, type TrainingConfig } from "@mintmark/training-file";
import { type Command, Option } from "commander";
import { type Answer, metricLines } from "../answer.ts";
import { notReadable } from "../file-failure.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { type TableColumn, table } from "../table.ts";
import { transferProgress } from "../transfer-progress.ts";
import type { View } from "../view.ts";
import { gitTags } from "./git-tags.ts";
import { statusOf, warningLine, warningsOf } from "./job-json.ts";
import { examples, repeated } from "./options.ts";
import { watchJob } from "./watch-job.ts";

export function addTrainCommand(program: Command, run: Run): void {
  const command = program.command("train").description("train a model as a training file says, and register it");
  command.argument("<file>", "YAML; see `mintmark schema`");
  examples(
    command,
    "mintmark train titanic.yaml",
    "mintmark train titanic.yaml --set algorithm.params.n_estimators=500 --env dev",
    "mintmark train titanic.yaml --check",
  );
  command.option("--env <name>", "an environment of the file");
  command.option("--set <path=value>", "change a setting; the value is read as YAML; may be repeated", repeated, []);
  command.addOption(
    new Option("--check", "read the data, show its columns as they will be taken, and train nothing")
      .default(false)
      .conflicts(["detach", "idempotencyKey"]),
  );
  command.option("--detach", "do not wait for the end", false);
  command.option("--idempotency-key <key>", "submitting the same key again gives the same run");
  command.action((file: string, { check, ...options }: TrainOptions & { readonly check: boolean }) =>
    run(command, (session) => (check ? checkTraining(session, file, options) : train(session, file, options))),
  );
}

interface FileOptions {
  readonly env?: string;
  readonly set: readonly string[];
}

export interface TrainOptions extends FileOptions {
  readonly detach: boolean;
  readonly idempotencyKey?: string;
}

/** Everything that can be found wrong here is, before anything is uploaded. */
export async function train(session: Session, file: string, options: TrainOptions): Promise<Answer> {
  const { path, config } = await readTrainingFile(session, file, options);
  const { source, files } = await orAborted(session.signal, checkedData(config, dirname(path)));
  const blobs = files.map((snapshot) => fileBlob(snapshot.path, snapshot));
  await uploadBlobs(session.client, blobs, {
    onProgress: transferProgress(session.progress, "upload"),
    signal: session.signal,
  });
  session.progress.status("");
  const { job } = await session.client.jobs.submitJob({
    configJson: JSON.stringify({ ...config, data: { ...config.data, source } }),
    snapshots: files.map(({ name, blake3, sha256, size }) => ({ name, blake3, sha256, size: BigInt(size) })),
    idempotencyKey: options.idempotencyKey ?? randomUUID(),
    tags: { ...(await gitTags(dirname(path))), "mlflow.source.name": basename(path) },
  });
  const id = job!.run!.id;
  if (options.detach) return { text: id, json: { run: id } };
  session.progress.line(`run ${id}`);
  return trained(session, await following(session, id));
}

/** Local files are read here, so that nothing is uploaded. What only a worker reads cannot be looked at before. */
export async function checkTraining(session: Session, file: string, options: FileOptions): Promise<Answer> {
  const { path, config } = await readTrainingFile(session, file, options);
  const { described } = await orAborted(session.signal, checkedData(config, dirname(path)));
  if (described === undefined) throw new AppError("DATA_NOT_CHECKABLE", { source: config.data.source });
  return dataAnswer(described());
}

function dataAnswer({ columns, rows, warnings }: DescribedData): Answer {
  const text = (view: View) =>
    [
      table(dataColumns, columns, view),
      `${rows} row${rows === 1 ? "" : "s"}`,
      ...warnings.map((warning) => warningLine(warning, view)),
    ].join("\n");
  return { text, json: { columns, rows, warnings } };
}

const dataColumns: readonly TableColumn<DescribedData["columns"][number]>[] = [
  { heading: "COLUMN", cell: ({ name }) => name },
  { heading: "TYPE", cell: ({ type }) => type },
  { heading: "MISSING", cell: ({ missing }) => missing },
  { heading: "DISTINCT", cell: ({ distinct }) => distinct },
  { heading: "EXAMPLE", cell: ({ example }) => ({ short: beginning(example), full: example }) },
];

/** Cells may hold whole texts. */
function beginning(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

interface TrainingFile {
  readonly path: string;
  readonly config: TrainingConfig;
}

async function readTrainingFile({ cwd }: Session, file: string, options: FileOptions): Promise<TrainingFile> {
  const path = resolve(cwd, file);
  return { path, config: parseTrainingFile(await readText(path, file), options) };
}

async function readText(path: string, named: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    throw notReadable(named, error);
  });
}

interface CheckedData {
  /** As the job is to know it. */
  readonly source: string;
  readonly files: readonly SnapshotFile[];
  /** Says what was read; absent where nothing was. */
  readonly described?: () => DescribedData;
}

/** What `work` gives, unless it is aborted before. A reading in DuckDB goes on until the process ends. */
async function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** The local files, checked against the training file; none where the worker reads the data itself. */
async function checkedData(config: TrainingConfig, directory: string): Promise<CheckedData> {
  // Loaded here, because it brings a database engine that other commands have no use for.
  const { checkTrainingData, describeData, findSnapshots, isRemote, readOptionsOf, readTable } = await import(
    "@mintmark/dataset"
  );
  const { source, target } = config.data;
  if (isRemote(source)) return { source, files: [] };
  const { folder, pattern } = await splitSource(source, directory);
  const files = await findSnapshots(pattern, folder).catch((error: unknown) => {
    // Named as the user did.
    if (error instanceof AppError && error.reason === "DATA_FILE_NOT_FOUND")
      throw new AppError(error.reason, { source });
    throw error;
  });
  const paths = files.map((file) => file.path);
  const table = await readTable(readOptionsOf(config, paths));
  const data = checkTrainingData(config, table);
  return { source: pattern, files, described: () => describeData(table, data, target) };
}

/**
 * The folder in which a source lies, and what it is called there: the artifact knows data by digest and file name, and
 * must not differ because a folder has another name.
 */
async function splitSource(source: string, directory: string): Promise<{ folder: string; pattern: string }> {
  const literal = resolve(directory, source);
  const isFile = await stat(literal).then(
    (entry) => entry.isFile(),
    () => false,
  );
  if (isFile) return { folder: dirname(literal), pattern: basename(literal) };
  const parts = source.split("/");
  const firstPattern = parts.findIndex((part) => /[*?[{]/.test(part));
  const at = firstPattern < 0 ? parts.length - 1 : firstPattern;
  return {
    folder: resolve(directory, parts.slice(0, at).join("/") || (source.startsWith("/") ? "/" : ".")),
    pattern: parts.slice(at).join("/"),
  };
}

async function following(session: Session, id: string): Promise<Job> {
  try {
    return await watchJob(session, id);
  } catch (error) {
    if (session.signal.aborted)
      session.progress.line(
        `run ${id} goes on; see 'mintmark jobs watch ${id}', end it with 'mintmark jobs cancel ${id}'`,
      );
    throw error;
  }
}

async function trained({ client }: Session, job: Job): Promise<Answer> {
  const run = job.run!;
  const status = statusOf(job);
  const warnings = warningsOf(job);
  const warned = (view: View) => warnings.map((warning) => warningLine(warning, view));
  if (status !== "finished") {
    const message = job.error?.message ?? `the job was ${status}`;
    const error = { code: status, reason: job.error?.reason ?? status.toUpperCase(), message };
    const text = (view: View) => [`run ${run.id} ${status}: ${message}`, ...warned(view)].join("\n");
    return { text, json: { run: run.id, status, error, warnings }, exitCode: 1 };
  }
  const { version } = await client.versions.getVersion({ uri: job.version });
  const { model, number, semver, digest } = version!;
  const metrics = Object.fromEntries(Object.entries(run.metrics).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    text: (view) =>
      [`${model}/${number} (${semver}) ${digest}`, ...metricLines(metrics, view), ...warned(view)].join("\n"),
    json: { run: run.id, model, version: number, semver, digest, metrics, warnings },
  };
}
