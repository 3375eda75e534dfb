/**
 * `mintmark predict`: asks the gateway for predictions, by the scoring protocol.
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { AppError } from "@mintmark/errors";
import type { Command } from "commander";
import { type Answer, table } from "../answer.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";

export function addPredictCommand(program: Command, run: Run): void {
  const command = program.command("predict").description("what a model says about texts, or about the rows of a file");
  command.argument("<uri>", "NAME@ALIAS, NAME/3, NAME/1.4.0, NAME …").argument("[texts...]", "for a text model");
  command.option("--data <file>", "rows: .csv, .json or .parquet");
  command.option("--version <version>", "a number or semantic version, instead of one in the URI");
  command.option("--output <file>", "write the predictions there: .csv or .json");
  command.action((uri: string, texts: readonly string[], options: PredictOptions) =>
    run(command, (session) => predict(session, uri, texts, options)),
  );
}

export interface PredictOptions {
  readonly data?: string;
  readonly version?: string;
  readonly output?: string;
}

type Row = Readonly<Record<string, unknown>>;

/** Rows a request: large enough to make the way worth it, small enough for the gateway's limit. */
const batchRows = 5_000;

export async function predict(
  session: Session,
  uri: string,
  texts: readonly string[],
  { data, version, output }: PredictOptions,
): Promise<Answer> {
  const target = version === undefined ? uri : `${uri.replace(/\/$/, "")}/${version}`;
  const predictions: Row[] = [];
  for (const body of await requests(session, texts, data)) predictions.push(...(await invoke(session, target, body)));
  if (output === undefined) return { text: shown(predictions), json: { predictions } };
  await write(resolve(session.cwd, output), predictions);
  return { text: `${predictions.length} predictions in ${output}`, json: { predictions: predictions.length, output } };
}

/** Bodies of the scoring protocol. */
async function requests(session: Session, texts: readonly string[], data: string | undefined): Promise<unknown[]> {
  if (texts.length > 0 === (data !== undefined))
    throw new AppError("OPTION_INVALID", {
      option: "predict",
      expected: "either texts or --data FILE",
      value: data ?? "",
    });
  if (data === undefined) return [{ inputs: texts }];
  const path = resolve(session.cwd, data);
  return extname(path).toLowerCase() === ".json" ? jsonRequests(path) : tableRequests(path);
}

/** A list of rows, or a body of the scoring protocol as it is. */
async function jsonRequests(path: string): Promise<unknown[]> {
  const document = await readJson(path);
  return Array.isArray(document) ? batches(document).map((records) => ({ dataframe_records: records })) : [document];
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new AppError("FILE_NOT_READABLE", { path, cause: (error as Error).message }, { cause: error });
  }
}

async function tableRequests(path: string): Promise<unknown[]> {
  const { readTable } = await import("@mintmark/dataset");
  const { rows, columns } = await readTable({ files: [path] });
  const readable = columns.flatMap((column) => (column.type === "unreadable" ? [] : [column]));
  const data = Array.from({ length: rows }, (_, row) =>
    readable.map(({ values }) => {
      const value = values[row];
      // JSON has no NaN; the protocol's word for a missing number is null.
      return typeof value === "number" && Number.isNaN(value) ? null : value;
    }),
  );
  const names = readable.map(({ name }) => name);
  return batches(data).map((batch) => ({ dataframe_split: { columns: names, data: batch } }));
}

function batches<T>(rows: readonly T[]): T[][] {
  const count = Math.max(1, Math.ceil(rows.length / batchRows));
  return Array.from({ length: count }, (_, i) => rows.slice(i * batchRows, (i + 1) * batchRows));
}

async function invoke({ server, token, signal }: Session, uri: string, body: unknown): Promise<readonly Row[]> {
  const address = `${server.replace(/\/$/, "")}/serve/${encodeURIComponent(uri.replace(/^models:\//, ""))}/invocations`;
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const headers = { "content-type": "application/json", ...authorization };
  const response = await fetch(address, { method: "POST", headers, body: JSON.stringify(body), signal }).catch(
    (error: Error) => {
      if (signal.aborted) throw error;
      const cause = (error.cause as Error | undefined)?.message ?? error.message;
      throw new AppError("SERVER_UNREACHABLE", { url: server, cause });
    },
  );
  const text = await response.text();
  if (!response.ok) throw refused(response.status, text);
  return (JSON.parse(text) as { predictions: readonly Row[] }).predictions;
}

function refused(status: number, text: string): AppError {
  const message = messageIn(text) ?? `${text.slice(0, 200)} (HTTP ${status})`;
  if (status === 404) return new AppError("PREDICTION_NOT_FOUND", { message });
  if (status === 401 || status === 403) return new AppError("PREDICTION_DENIED", { message });
  if (status === 429 || status >= 500) return new AppError("PREDICTION_UNAVAILABLE", { message });
  return new AppError("PREDICTION_REFUSED", { message });
}

function messageIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { message?: string }).message;
  } catch {
    return undefined;
  }
}

function shown(predictions: readonly Row[]): string {
  const names = Object.keys(predictions[0] ?? {});
  if (names.length === 1) return predictions.map((row) => String(row[names[0]!])).join("\n");
  return table(
    names,
    predictions.map((row) => names.map((name) => String(row[name]))),
  );
}

async function write(path: string, predictions: readonly Row[]): Promise<void> {
  const isCsv = extname(path).toLowerCase() === ".csv";
  if (!isCsv && extname(path).toLowerCase() !== ".json")
    throw new AppError("OPTION_INVALID", {
      option: "--output",
      expected: "a name ending in .csv or .json",
      value: path,
    });
  const text = isCsv ? csv(predictions) : `${JSON.stringify(predictions, null, 1)}\n`;
  await writeFile(path, text).catch((error: NodeJS.ErrnoException) => {
    throw new AppError("FILE_NOT_WRITABLE", { path, cause: error.code ?? error.message }, { cause: error });
  });
}

function csv(predictions: readonly Row[]): string {
  const names = Object.keys(predictions[0] ?? {});
  const lines = [names, ...predictions.map((row) => names.map((name) => String(row[name] ?? "")))];
  return `${lines.map((line) => line.map(csvCell).join(",")).join("\n")}\n`;
}

/** RFC 4180. */
function csvCell(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
