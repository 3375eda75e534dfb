/**
 * `mintmark predict`: what a model says about texts, or about the rows of files. Files are read as the model's own
 * training data was: by the schema that it carries.
 * @module
 */
import { readFile, stat } from "node:fs/promises";
import { extname, resolve } from "node:path";
import type { TableSchema } from "@mintmark/columns/column-schema";
import { readValues } from "@mintmark/columns/read-values";
import type { RawRows } from "@mintmark/dataset";
import { AppError } from "@mintmark/errors";
import type { Column } from "@mintmark/ml-core/base/preprocessing";
import type { Command } from "commander";
import type { Answer } from "../answer.ts";
import { versionUri } from "../naming.ts";
import { keeper, type Row, shown, write } from "../predict/rows.ts";
import { askedModel } from "../predict/schema-of.ts";
import { invoke } from "../predict/scoring-call.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { examples } from "./options.ts";

export function addPredictCommand(program: Command, run: Run): void {
  const command = program.command("predict").description("what a model says about texts, or about the rows of files");
  command.argument("<uri>", "NAME@ALIAS, NAME/3, NAME/1.4.0, NAME …").argument("[texts...]", "for a text model");
  command.option(
    "--data <files>",
    "rows: a path or glob; CSV, JSON (a list, or an object a line) or Parquet, also .gz",
  );
  command.option("--version <version>", "its number, semantic version or alias, instead of one in the URI");
  command.option("--output <file>", "write the predictions there: .csv or .json");
  command.option(
    "--keep <columns>",
    "put these columns of the rows beside the predictions: names, separated by commas, or all",
  );
  examples(
    command,
    "mintmark predict titanic@champion --data passengers.csv --keep name",
    'mintmark predict sections "text editor for the console"',
  );
  command.action((uri: string, texts: readonly string[], options: PredictOptions) =>
    run(command, (session) => predict(session, uri, texts, options)),
  );
}

export interface PredictOptions {
  readonly data?: string;
  readonly version?: string;
  readonly output?: string;
  readonly keep?: string;
}

/** Rows a request: large enough to make the way worth it, small enough for the gateway's limit. */
const batchRows = 5_000;

export async function predict(
  session: Session,
  uri: string,
  texts: readonly string[],
  { data, version, output, keep }: PredictOptions,
): Promise<Answer> {
  if (texts.length > 0 === (data !== undefined))
    throw new AppError("OPTION_INVALID", {
      option: "predict",
      expected: "either texts or --data FILE",
      value: data ?? "",
    });
  if (keep !== undefined && data === undefined)
    throw new AppError("OPTION_INVALID", { option: "--keep", expected: "--data FILE beside it", value: keep });
  const target = version === undefined ? uri : versionUri(uri.replace(/\/$/, ""), version);
  const predictions =
    data === undefined ? await predictTexts(session, target, texts) : await predictFiles(session, target, data, keep);
  if (output === undefined) return { text: (view) => shown(predictions, view), json: { predictions } };
  await write(output, session.cwd, predictions);
  return { text: `${predictions.length} predictions in ${output}`, json: { predictions: predictions.length, output } };
}

async function predictTexts(session: Session, target: string, texts: readonly string[]): Promise<readonly Row[]> {
  try {
    return await invoke(session, target, { inputs: texts });
  } catch (error) {
    if (!(error instanceof AppError && error.is("PREDICTION_REFUSED"))) throw error;
    // The gateway knows bodies, and not what was typed here.
    const columns = (await askedModel(session, target)).schema?.columns ?? [];
    if (columns.length === 1 && columns[0]!.type === "text") throw error;
    throw columns.length === 0
      ? error
      : new AppError("PREDICTION_NEEDS_ROWS", { uri: target, columns: columns.map(({ name }) => name) });
  }
}

async function predictFiles(session: Session, target: string, data: string, keep: string | undefined): Promise<Row[]> {
  const body = await scoringBody(resolve(session.cwd, data));
  if (body !== undefined && keep !== undefined)
    throw new AppError("OPTION_INVALID", {
      option: "--keep",
      expected: "a file of rows, not a body of the scoring protocol",
      value: data,
    });
  if (body !== undefined) return [...(await invoke(session, target, body))];
  // Loaded here, because it brings a database engine that other commands have no use for.
  const { findFiles, readRows } = await import("@mintmark/dataset");
  const files = await findFiles(data, session.cwd);
  if (files.length === 0) throw new AppError("DATA_FILE_NOT_FOUND", { source: data });
  const { uri, schema } = await askedModel(session, target);
  const keeping = keeper(keep, session.progress);
  const predictions: Row[] = [];
  let asked: Promise<void> | undefined;
  for await (const batch of readRows(files, batchRows, schema)) {
    const request = requestOf(schema, batch);
    // One request at a time, while the next rows are read.
    await asked;
    asked = invoke(session, uri, request).then((answers) => {
      for (const row of keeping(batch, answers)) predictions.push(row);
      session.progress.status(`${predictions.length} rows`);
    });
    asked.catch(() => {});
  }
  await asked;
  session.progress.status("");
  if (predictions.length === 0) throw new AppError("DATA_EMPTY", { source: data });
  return predictions;
}

/** A body of the scoring protocol, if that is what the file holds. */
async function scoringBody(path: string): Promise<unknown> {
  if (extname(path).toLowerCase() !== ".json") return undefined;
  try {
    // A pipe may never end.
    if (!(await stat(path)).isFile()) return undefined;
    const document: unknown = JSON.parse(await readFile(path, "utf8"));
    const isBody =
      typeof document === "object" && document !== null && formats.some((format) => Object.hasOwn(document, format));
    return isBody ? document : undefined;
  } catch {
    // Lines of objects, or a file that the reader of rows has a better word for.
    return undefined;
  }
}

const formats = ["dataframe_split", "dataframe_records", "instances", "inputs"];

/** The model's inputs, typed here: what cannot be read is known by its file and row before anything is sent. */
function requestOf(schema: TableSchema | undefined, batch: RawRows): unknown {
  const { rows, columns } = batch;
  if (schema === undefined) return split([...columns.keys()], [...columns.values()], rows);
  const read = typed(schema, batch);
  return split(
    read.map(({ name }) => name),
    read.map(({ values }) => values),
    rows,
  );
}

function typed(schema: TableSchema, { file, before, columns }: RawRows): Column[] {
  try {
    return readValues(schema, columns);
  } catch (error) {
    if (error instanceof AppError && error.is("INPUT_VALUE_INVALID"))
      throw new AppError("INPUT_VALUE_INVALID", { ...error.detail, row: before + error.detail.row, file });
    if (error instanceof AppError && error.is("INPUT_VALUE_MISSING"))
      throw new AppError("INPUT_VALUE_MISSING", { ...error.detail, row: before + error.detail.row, file });
    throw error;
  }
}

function split(names: readonly string[], columns: readonly ArrayLike<unknown>[], rows: number): unknown {
  // JSON has no NaN; the protocol's word for a missing number is null, and so JSON writes it.
  const data = Array.from({ length: rows }, (_, row) => columns.map((values) => values[row] ?? null));
  return { dataframe_split: { columns: names, data } };
}
