/**
 * The bodies of MLflow's scoring protocol, read into columns: `dataframe_split`, `dataframe_records`, `instances`,
 * `inputs`, and CSV. Only the model's inputs are collected; what else a row holds is not looked at.
 * @module
 */
import { CsvError, csvDialect, delimiters, fitted, readRecord } from "@mintmark/columns/csv-text";
import { repeatedName } from "@mintmark/columns/names";
import type { RawColumns } from "@mintmark/columns/read-values";
import { endOfString, repeatedKey } from "@mintmark/columns/repeated-key";
import { AppError } from "@mintmark/errors";
import { ScoringError } from "./scoring-error.ts";

const formats = ["dataframe_split", "dataframe_records", "instances", "inputs"] as const;
type Format = (typeof formats)[number];
type JsonObject = Readonly<Record<string, unknown>>;

/**
 * @param inputs the model's inputs, in order; a model of one input also takes bare values as rows
 * @throws ScoringError if the body has none of the forms
 */
export function readJsonInput(body: string, inputs: readonly string[]): RawColumns {
  const document = parseJson(body);
  const repeated = repeatedKey(body);
  if (repeated !== undefined)
    throw new ScoringError("INVALID_PARAMETER_VALUE", `an object of the body has '${repeated}' twice`);
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
      return fromSplit(value, inputs);
    case "dataframe_records":
      return fromRecords(format, requireList(format, value), inputs);
    case "instances":
      return fromList(format, requireList(format, value), inputs);
    case "inputs":
      return Array.isArray(value) ? fromList(format, value, inputs) : fromColumns(value, inputs);
  }
}

export interface CsvOptions {
  /** What separates values in the data that the model was trained on, if its training file says so. */
  readonly delimiter?: string | undefined;
  /** How many values of the model's inputs the text may have. */
  readonly maxValues: number;
}

/** @throws ScoringError if the text is not CSV with a header line; AppError SCORING_VALUES_TOO_MANY */
export function readCsvInput(body: string, inputs: readonly string[], options: CsvOptions): RawColumns {
  try {
    return csvColumns(body, inputs, options);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new ScoringError("BAD_REQUEST", `the body is not CSV: ${error.message}`);
  }
}

function csvColumns(body: string, inputs: readonly string[], { delimiter, maxValues }: CsvOptions): RawColumns {
  const dialect = csvDialect(
    body,
    delimiter === undefined ? delimiters : [...new Set([delimiter, ...delimiters])],
    true,
  );
  if (dialect === null)
    throw new ScoringError("BAD_REQUEST", "the body is empty; CSV begins with a line of column names");
  const { names } = dialect;
  requireDistinct("CSV", names);
  const columns = new Map<string, (string | null)[]>();
  const places = placesOf(names);
  const wanted = inputs.flatMap((name) => {
    const at = places.get(name);
    if (at === undefined) return [];
    const column: (string | null)[] = [];
    columns.set(name, column);
    return [{ at, column }];
  });
  let rows = 0;
  for (let at = dialect.end; ; ) {
    const record = readRecord(body, at, dialect.delimiter, true);
    if (record === null) return columns;
    const cells = fitted(record.cells, names);
    if (cells === null) throw uneven("CSV", rows, record.cells.length, names.length);
    if (++rows * wanted.length > maxValues) throw new AppError("SCORING_VALUES_TOO_MANY", { limit: maxValues });
    for (const { at, column } of wanted) column.push(cells[at]!);
    at = record.end;
  }
}

function parseJson(body: string): unknown {
  if (body.trim() === "") throw new ScoringError("BAD_REQUEST", "the body is empty");
  try {
    return JSON.parse(body);
  } catch (error) {
    // Python's JSON writes missing numbers as a bare NaN.
    if (body.includes("NaN")) {
      try {
        return JSON.parse(withoutNaN(body));
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

/** With null for each NaN that is not within a string. Linear. */
function withoutNaN(text: string): string {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf('"', at);
    const end = quote < 0 ? text.length : endOfString(text, quote) + 1;
    parts.push(text.slice(at, quote < 0 ? end : quote).replaceAll("NaN", "null"));
    if (quote >= 0) parts.push(text.slice(quote, end));
    at = end;
  }
  return parts.join("");
}

function fromSplit(value: unknown, inputs: readonly string[]): RawColumns {
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
  requireDistinct("dataframe_split", columns);
  const at = data.findIndex((row: readonly unknown[]) => row.length !== columns.length);
  if (at >= 0) throw uneven("dataframe_split", at, (data[at] as readonly unknown[]).length, columns.length);
  const places = placesOf(columns);
  return new Map(
    inputs.flatMap((name) => {
      const at = places.get(name);
      return at === undefined ? [] : [[name, data.map((row: readonly unknown[]) => row[at])] as const];
    }),
  );
}

/** Where the column of each name is. */
function placesOf(names: readonly string[]): ReadonlyMap<string, number> {
  return new Map(names.map((name, at) => [name, at]));
}

/** Two columns of one name would leave it to us which of them counts. */
function requireDistinct(where: string, names: readonly string[]): void {
  const repeated = repeatedName(names);
  if (repeated === undefined) return;
  const { first, second } = repeated;
  const what =
    first === second
      ? `column '${first}' twice`
      : `columns '${first}' and '${second}', which differ by case and blanks only`;
  throw new ScoringError("INVALID_PARAMETER_VALUE", `${where} has ${what}`);
}

function uneven(where: string, row: number, values: number, columns: number): ScoringError {
  return new ScoringError("BAD_REQUEST", `${where}: row ${row} has ${values} values for ${columns} columns`);
}

/** Columns that no record has are not there. */
function fromRecords(format: Format, records: readonly unknown[], inputs: readonly string[]): RawColumns {
  if (records.length === 0)
    throw new ScoringError("INVALID_PARAMETER_VALUE", `"${format}" is empty; nothing to predict`);
  for (const [at, record] of records.entries())
    if (!isObject(record))
      throw new ScoringError("BAD_REQUEST", `"${format}" must hold objects, got ${kindOf(record)} at ${at}`);
  const objects = records as readonly JsonObject[];
  const names = new Set<string>();
  for (const record of objects) for (const name in record) names.add(name);
  requireDistinct(format, [...names]);
  const present = inputs.filter((name) => names.has(name));
  return new Map(
    present.map((name) => [name, objects.map((record) => (Object.hasOwn(record, name) ? record[name] : null))]),
  );
}

function fromList(format: Format, list: readonly unknown[], inputs: readonly string[]): RawColumns {
  if (list.length > 0 && list.every((row) => isObject(row))) return fromRecords(format, list, inputs);
  if (list.length === 0) throw new ScoringError("INVALID_PARAMETER_VALUE", `"${format}" is empty; nothing to predict`);
  if (inputs.length === 1 && list.every((value) => !isObject(value) && !Array.isArray(value)))
    return new Map([[inputs[0]!, list]]);
  throw new ScoringError(
    "INVALID_PARAMETER_VALUE",
    `"${format}" must hold objects with the model's inputs by name: ${inputs.join(", ")}`,
  );
}

function fromColumns(value: unknown, inputs: readonly string[]): RawColumns {
  if (!isObject(value))
    throw new ScoringError("BAD_REQUEST", `"inputs" must be an object or a list, got ${kindOf(value)}`);
  requireDistinct("inputs", Object.keys(value));
  const present = inputs.filter((name) => Object.hasOwn(value, name));
  const columns = new Map(
    present.map((name) => {
      const column = value[name];
      return [name, Array.isArray(column) ? column : [column]];
    }),
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
