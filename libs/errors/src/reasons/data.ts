import { define } from "../define.ts";

const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? "" : "s"}`;
const suggest = (suggestion: string | undefined) => (suggestion === undefined ? "" : `; did you mean '${suggestion}'?`);

interface Cell {
  readonly file: string;
  readonly row: number;
  readonly cell: string;
}

const short = (text: string) => (text.length > 40 ? `${text.slice(0, 39)}…` : text);
const quoted = (names: readonly string[]) => {
  const more = names.length - 5;
  const list = names.slice(0, 5).map((name) => `'${name}'`);
  return more > 0 ? `${list.join(", ")} and ${more} more` : list.join(", ");
};

/** A name as YAML takes it within braces. */
const plainKey = (name: string) => (/^[A-Za-z_][\w -]*$/.test(name) ? name : JSON.stringify(name));

function wayOut(column: string, kinds: readonly string[], offending: string): string {
  const types = `say what it is with data.types: { ${plainKey(column)}: text }`;
  const withoutIt = "or leave it out with data.drop";
  if (!kinds.includes("numbers") || !kinds.includes("text"))
    return `${types}, make it one thing in data.query, ${withoutIt}`;
  const decimals = /^[+-]?[\d.,]+$/.test(offending.trim())
    ? ", set data.decimal if that is how its numbers are written"
    : "";
  return `list the text under data.missing if it means no value${decimals}, ${types} if all of it is text, ${withoutIt}`;
}

/** Failures of training data. */
export const dataReasons = {
  // Where the data is.
  DATA_FILE_NOT_FOUND: define("invalid_argument", (d: { source: string }) => `no file matches '${d.source}'`),
  DATA_SCHEME_UNKNOWN: define(
    "invalid_argument",
    (d: { source: string; scheme: string }) =>
      `'${d.source}' cannot be read: nothing here reads ${d.scheme}://; training takes a path or glob of local files, or a URI of http, https or s3, and predictions take local files`,
  ),
  DATA_SOURCE_REFUSED: define(
    "permission_denied",
    (d: { source: string; problem: string }) => `the worker does not read '${d.source}': ${d.problem}`,
  ),
  DATA_SOURCE_UNREACHABLE: define(
    "unavailable",
    (d: { source: string; cause: string }) => `'${d.source}' cannot be read now: ${d.cause}`,
  ),
  DATA_SOURCE_FAILED: define(
    "failed_precondition",
    (d: { source: string; problem: string }) => `'${d.source}' cannot be read: ${d.problem}`,
  ),

  // Whether it can be read.
  DATA_FORMAT_UNKNOWN: define(
    "invalid_argument",
    (d: { file: string }) =>
      `'${d.file}' is of no known format; the name must end in .csv, .tsv, .json, .jsonl or .ndjson, also with .gz, or in .parquet`,
  ),
  DATA_FORMATS_MIXED: define(
    "invalid_argument",
    (d: { files: readonly string[] }) => `the files are not of one format: ${d.files.join(", ")}`,
  ),
  DATA_MALFORMED: define("invalid_argument", (d: { file: string; problem: string }) => `${d.file}: ${d.problem}`),
  DATA_EMPTY: define("invalid_argument", (d: { source: string }) => `'${d.source}' has no rows`),
  QUERY_REFUSED: define(
    "permission_denied",
    (d: { problem: string }) =>
      `data.query may be one SELECT over the table 'source' and reaches nothing outside: ${d.problem}`,
  ),
  QUERY_VOLATILE: define(
    "invalid_argument",
    (d: { what: string }) =>
      `data.query would read otherwise each time: it uses ${d.what}; the same training file, data and seed must give the same model, so write the value itself into the query`,
  ),
  QUERY_FAILED: define("invalid_argument", (d: { problem: string }) => `data.query failed: ${d.problem}`),

  // Its columns.
  COLUMN_REPEATED: define("invalid_argument", (d: { where: string; first: string; second: string }) =>
    d.first === d.second
      ? `${d.where} has more than one column '${d.first}'; rename one`
      : `${d.where} has columns '${d.first}' and '${d.second}', which differ by case and blanks only; rename one`,
  ),
  COLUMNS_DIFFER: define(
    "invalid_argument",
    (d: { first: string; file: string; missing: readonly string[]; extra: readonly string[] }) =>
      `${d.file} has not the columns of ${d.first}:${d.missing.length > 0 ? ` it lacks ${quoted(d.missing)}` : ""}${d.missing.length > 0 && d.extra.length > 0 ? "," : ""}${d.extra.length > 0 ? ` it has ${quoted(d.extra)} besides` : ""}; give files of the same columns`,
  ),
  COLUMN_MIXED: define(
    "invalid_argument",
    (d: { column: string; kinds: readonly [string, string]; first: Cell; offending: Cell }) =>
      `column '${d.column}' holds ${d.kinds[0]} and ${d.kinds[1]}: '${short(d.offending.cell)}' in row ${d.offending.row} of ${d.offending.file}, beside '${short(d.first.cell)}' in row ${d.first.row} of ${d.first.file}; ${wayOut(d.column, d.kinds, d.offending.cell)}`,
  ),
  COLUMN_CELL_INVALID: define(
    "invalid_argument",
    (d: { column: string; type: string; file: string; row: number; cell: string }) =>
      `column '${d.column}' is ${d.type} by data.types, but row ${d.row} of ${d.file} holds '${short(d.cell)}'; ${d.type === "text" ? "a boolean beside texts is written as one of them, in quotes; " : ""}${d.type === "date" ? "dates are written as 2026-03-31 or 2026-03-31T12:00:00Z (strptime in data.query reads others); " : ""}correct the cell, list it under data.missing, or give the column another type`,
  ),
  COLUMN_UNKNOWN: define(
    "invalid_argument",
    (d: { field: string; column: string; suggestion?: string | undefined }) =>
      `${d.field} names '${d.column}', which is not a column of the data${suggest(d.suggestion)}`,
  ),
  TARGET_NOT_FOUND: define(
    "invalid_argument",
    (d: { target: string; columns: readonly string[]; suggestion?: string | undefined }) =>
      `data.target '${d.target}' is not a column of the data${suggest(d.suggestion)} (columns: ${d.columns.join(", ")})`,
  ),
  FEATURE_NOT_FOUND: define(
    "invalid_argument",
    (d: { feature: string; field: string; suggestion?: string | undefined }) =>
      `${d.field} names '${d.feature}', which is not a feature column of the data${suggest(d.suggestion)}`,
  ),
  FEATURES_MISSING: define(
    "invalid_argument",
    (_: Record<string, never>) => "no feature column is left beside the target; list others in data.features",
  ),
  COLUMN_TYPE_UNSUPPORTED: define(
    "invalid_argument",
    (d: { column: string; sqlType: string }) =>
      `column '${d.column}' is of type ${d.sqlType}, which is no number, text, boolean or date; leave it out with data.drop, or make something of it in data.query`,
  ),
  COLUMN_TOO_PRECISE: define(
    "invalid_argument",
    (d: { column: string; sqlType: string }) =>
      `column '${d.column}' is of type ${d.sqlType}, and decimals of more than 38 digits are not read; write it with 38 at most, as doubles or as text, or leave it out with data.drop`,
  ),
  COLUMN_NOT_NUMERIC: define(
    "invalid_argument",
    (d: { column: string; step: string; example: string }) =>
      `column '${d.column}' is text, such as '${d.example}', but '${d.step}' takes numbers; encode it with ordinal-encode or one-hot, or cast it in data.query`,
  ),
  COLUMN_NOT_TEXT: define(
    "invalid_argument",
    (d: { column: string; step: string }) =>
      `column '${d.column}' is of numbers, but '${d.step}' takes text; leave it out of the step, or cast it in data.query with '"${d.column}"::VARCHAR'`,
  ),
  TEXT_FEATURES_INVALID: define(
    "invalid_argument",
    (d: { algorithm: string; columns: readonly string[] }) =>
      `'${d.algorithm}' takes exactly one feature, a text column, got ${d.columns.join(", ")}; name it in data.features`,
  ),

  // Its values.
  VALUES_MISSING: define(
    "invalid_argument",
    (d: { column: string; missing: number; row: number }) =>
      `column '${d.column}' has ${count(d.missing, "missing value")}, the first in row ${d.row}; add a step { impute: [${d.column}] } to preprocess, or filter the rows in data.query`,
  ),
  VALUES_INFINITE: define(
    "invalid_argument",
    (d: { column: string; infinite: number; row: number }) =>
      `column '${d.column}' has ${count(d.infinite, "infinite value")}, the first in row ${d.row}; filter or replace them in data.query`,
  ),
  VALUES_TOO_LARGE: define(
    "invalid_argument",
    (d: { column: string; value: number; row: number; most: number }) =>
      `column '${d.column}' has the value ${d.value} in row ${d.row}, and trees take values up to ${d.most}; scale it in data.query`,
  ),
  VALUES_TOO_LARGE_TO_SCALE: define(
    "invalid_argument",
    (d: { column: string; value: number; row: number; step: string; most: number }) =>
      `column '${d.column}' has the value ${d.value} in row ${d.row}, but '${d.step}' takes values up to ${d.most}; divide it in data.query`,
  ),
  TARGET_VALUES_MISSING: define(
    "invalid_argument",
    (d: { target: string; missing: number; row: number }) =>
      `the target '${d.target}' has ${count(d.missing, "missing value")}, the first in row ${d.row}; filter these rows in data.query`,
  ),
  TARGET_NOT_CLASSES: define(
    "invalid_argument",
    (d: { target: string; value: number }) =>
      `the target '${d.target}' has real values, such as ${d.value}, which are no classes; set task: regression, or cast it in data.query`,
  ),
  TARGET_NOT_NUMERIC: define(
    "invalid_argument",
    (d: { target: string; example: string }) =>
      `the target '${d.target}' is text, such as '${d.example}', but regression predicts numbers; set task: classification, or cast it in data.query`,
  ),
  TARGET_ONE_CLASS: define(
    "invalid_argument",
    (d: { target: string; value: string }) =>
      `the target '${d.target}' has one class only, '${d.value}'; a classifier needs at least two`,
  ),
  POSITIVE_CLASS_NOT_FOUND: define(
    "invalid_argument",
    (d: { positive: string; classes: readonly string[] }) =>
      `evaluate.positive '${d.positive}' is not a class of the target (classes: ${d.classes.join(", ")})`,
  ),

  METRIC_NOT_DEFINED: define(
    "invalid_argument",
    (d: { metric: string; what: string; known: readonly string[] }) =>
      `evaluate.metrics names '${d.metric}', which is not defined for ${d.what}; there are: ${d.known.join(", ")}`,
  ),

  // What an algorithm makes of it.
  FIT_REFUSED: define(
    "invalid_argument",
    (d: { algorithm: string; problem: string }) => `'${d.algorithm}' cannot be trained on this data: ${d.problem}`,
  ),
  TRAINING_PROCESS_KILLED: define(
    "unavailable",
    (d: { signal: string }) =>
      `the training process was ended by ${d.signal}; if that was for want of memory, give the worker more, or train on fewer rows`,
  ),

  // Their number.
  FOLDS_EXCEED_ROWS: define(
    "invalid_argument",
    (d: { folds: number; rows: number }) =>
      `evaluate.folds is ${d.folds}, but only ${count(d.rows, "row")} are left to train on; ask for fewer folds`,
  ),
  FOLDS_EXCEED_CLASS: define(
    "invalid_argument",
    (d: { folds: number; value: string; rows: number }) =>
      `evaluate.folds is ${d.folds}, but class '${d.value}' has only ${count(d.rows, "row")} to train on; ask for fewer folds`,
  ),
  SPLIT_LEAVES_NOTHING: define(
    "invalid_argument",
    (d: { rows: number; part: string; left: number }) =>
      `data.split of ${count(d.rows, "row")} leaves ${d.left} for ${d.part}; make data.split.test and data.split.validation smaller`,
  ),
  CLUSTERS_EXCEED_ROWS: define(
    "invalid_argument",
    (d: { clusters: number; rows: number }) =>
      `n_clusters is ${d.clusters}, but only ${count(d.rows, "row")} are left to train on; ask for fewer clusters`,
  ),
} as const;
