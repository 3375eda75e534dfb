/**
 * The bodies of MLflow's scoring protocol, read into columns: `dataframe_split`, `dataframe_records`, `instances`,
 * `inputs`, and CSV.
 * @module
 */
import { finished } from "node:stream/promises";
import { parse as parseCsv } from "csv-parse";
import { ScoringError } from "./scoring-error.ts";
import { takeTurns } from "./take-turns.ts";

/** Named columns of JSON values, as they came; each of the same length. */
export type RawColumns = ReadonlyMap<string, readonly unknown[]>;

const formats = ["dataframe_split", "dataframe_records", "instances", "inputs"] as const;
type Format = (typeof formats)[number];
/** Characters of CSV that are read at a time. */
const csvPiece = 65_536;
type JsonObject = Readonly<Record<string, unknown>>;

/**
 * @param inputs the model's inputs, in order; a model of one input also takes bare values as rows
 * @throws ScoringError if the body has none of the forms
 */
export function parseJsonInput(body: string, inputs: readonly string[]): RawColumns {
  const document = parseJson(body);
  if (!isObject(document))
    throw new ScoringError("BAD_REQUEST", `the body must be a JSON object, got ${kindOf(document)}`);
  const given = formats.filter((format) => Object.hasOwn(document, format));
  if (given.length !== 1)
    throw new ScoringError(
      "BAD_REQUEST",
      `the body must hold exactly one of ${formats.join(", ")}; got ${given.length === 0 ? "none" : given.join(" and ")}`,
    );
  const format = given[0]!;
  const value = document[format];
  switch (format) {
    case "dataframe_split":
      return fromSplit(value);
    case "dataframe_records":
      return fromRecords(format, requireList(format, value));
    case "instances":
      return fromList(format, requireList(format, value), inputs);
    case "inputs":
      return Array.isArray(value) ? fromList(format, value, inputs) : fromColumns(value);
  }
}

/**
 * Reads piece by piece, and lets other requests go first in between.
 * @throws ScoringError if the text is not CSV with a header line
 */
export async function parseCsvInput(body: string): Promise<RawColumns> {
  const [header, ...data] = await csvRows(body);
  if (header === undefined)
    throw new ScoringError("BAD_REQUEST", "the body is empty; CSV begins with a line of column names");
  return fromTable(
    header.map((name) => name ?? ""),
    data,
    "CSV",
  );
}

async function csvRows(body: string): Promise<(string | null)[][]> {
  const parser = parseCsv({ bom: true, skip_empty_lines: true });
  const rows: (string | null)[][] = [];
  parser.on("data", (row: string[]) => rows.push(row.map((cell) => (cell === "" ? null : cell))));
  const ended = finished(parser);
  ended.catch(() => {});
  const turns = takeTurns();
  try {
    for (let from = 0; from < body.length && !parser.destroyed; from += csvPiece) {
      parser.write(body.slice(from, from + csvPiece));
      await turns.next();
    }
    parser.end();
    await ended;
    return rows;
  } catch (error) {
    throw new ScoringError(
      "BAD_REQUEST",
      `the body is not CSV: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function parseJson(body: string): unknown {
  if (body.trim() === "") throw new ScoringError("BAD_REQUEST", "the body is empty");
  try {
    return JSON.parse(body);
  } catch (error) {
    // Python's JSON writes missing numbers as a bare NaN.
    if (/\bNaN\b/.test(body)) {
      try {
        return JSON.parse(body.replace(/"(?:[^"\\]|\\.)*"|\bNaN\b/g, (token) => (token === "NaN" ? "null" : token)));
      } catch {
        // The first message speaks of the text that was sent.
      }
    }
    throw new ScoringError(
      "BAD_REQUEST",
      `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function fromSplit(value: unknown): RawColumns {
  if (!isObject(value))
    throw new ScoringError("BAD_REQUEST", `"dataframe_split" must be an object, got ${kindOf(value)}`);
  const { columns, data } = value;
  if (!Array.isArray(data) || !data.every((row) => Array.isArray(row)))
    throw new ScoringError("BAD_REQUEST", `"dataframe_split.data" must be a list of rows, each a list of values`);
  if (columns === undefined)
    throw new ScoringError(
      "INVALID_PARAMETER_VALUE",
      `"dataframe_split.columns" is missing; it names the columns of the data`,
    );
  if (!Array.isArray(columns) || !columns.every((name) => typeof name === "string"))
    throw new ScoringError("BAD_REQUEST", `"dataframe_split.columns" must be a list of names`);
  return fromTable(columns, data, "dataframe_split");
}

function fromTable(header: readonly string[], rows: readonly (readonly unknown[])[], where: string): RawColumns {
  const uneven = rows.findIndex((row) => row.length !== header.length);
  if (uneven >= 0)
    throw new ScoringError(
      "BAD_REQUEST",
      `${where}: row ${uneven} has ${rows[uneven]!.length} values for ${header.length} columns`,
    );
  return new Map(header.map((name, at) => [name, rows.map((row) => row[at])]));
}

function fromRecords(format: Format, records: readonly unknown[]): RawColumns {
  if (records.length === 0)
    throw new ScoringError("INVALID_PARAMETER_VALUE", `"${format}" is empty; nothing to predict`);
  const columns = new Map<string, unknown[]>();
  for (const [at, record] of records.entries()) {
    if (!isObject(record))
      throw new ScoringError("BAD_REQUEST", `"${format}" must hold objects, got ${kindOf(record)} at ${at}`);
    for (const [name, value] of Object.entries(record)) {
      let column = columns.get(name);
      if (!column) {
        column = new Array<unknown>(records.length).fill(null);
        columns.set(name, column);
      }
      column[at] = value;
    }
  }
  return columns;
}

function fromList(format: Format, list: readonly unknown[], inputs: readonly string[]): RawColumns {
  if (list.length > 0 && list.every((row) => isObject(row))) return fromRecords(format, list);
  if (list.length === 0) throw new ScoringError("INVALID_PARAMETER_VALUE", `"${format}" is empty; nothing to predict`);
  if (inputs.length === 1 && list.every((value) => !isObject(value) && !Array.isArray(value)))
    return new Map([[inputs[0]!, list]]);
  throw new ScoringError(
    "INVALID_PARAMETER_VALUE",
    `"${format}" must hold objects with the model's inputs by name: ${inputs.join(", ")}`,
  );
}

function fromColumns(value: unknown): RawColumns {
  if (!isObject(value))
    throw new ScoringError("BAD_REQUEST", `"inputs" must be an object or a list, got ${kindOf(value)}`);
  const columns = new Map(
    Object.entries(value).map(([name, column]) => [name, Array.isArray(column) ? column : [column]]),
  );
  const lengths = new Set([...columns.values()].map((column) => column.length));
  if (lengths.size > 1)
    throw new ScoringError(
      "INVALID_PARAMETER_VALUE",
      `"inputs" holds columns of different lengths: ${[...lengths].join(", ")}`,
    );
  return columns;
}

function requireList(format: Format, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new ScoringError("BAD_REQUEST", `"${format}" must be a list, got ${kindOf(value)}`);
  return value;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}
