import { define } from "../define.ts";

const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? "" : "s"}`;
const suggest = (suggestion: string | undefined) => (suggestion === undefined ? "" : `; did you mean '${suggestion}'?`);

/** Failures of training data. */
export const dataReasons = {
  // Where the data is.
  DATA_FILE_NOT_FOUND: define("invalid_argument", (d: { source: string }) => `no file matches '${d.source}'`),
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
      `'${d.file}' is of no known format; the name must end in .csv, .tsv, .parquet, .json, .jsonl or .ndjson, also with .gz`,
  ),
  DATA_FORMATS_MIXED: define(
    "invalid_argument",
    (d: { files: readonly string[] }) => `the files are not of one format: ${d.files.join(", ")}`,
  ),
  DATA_MALFORMED: define("invalid_argument", (d: { file: string; problem: string }) => `${d.file}: ${d.problem}`),
  DATA_EMPTY: define("invalid_argument", (d: { source: string }) => `'${d.source}' has no rows to train on`),
  QUERY_REFUSED: define(
    "permission_denied",
    (d: { problem: string }) =>
      `data.query may be one SELECT over the table 'source' and reaches nothing outside: ${d.problem}`,
  ),
  QUERY_FAILED: define("invalid_argument", (d: { problem: string }) => `data.query failed: ${d.problem}`),

  // Its columns.
  CSV_COLUMN_REPEATED: define("invalid_argument", (d: { file: string; first: string; second: string }) =>
    d.first === d.second
      ? `${d.file} has more than one column '${d.first}'; rename one in its first line`
      : `${d.file} has columns '${d.first}' and '${d.second}', which differ by case only; rename one in its first line`,
  ),
  COLUMN_REPEATED: define(
    "invalid_argument",
    (d: { column: string }) => `the data has more than one column '${d.column}'; rename one with 'as' in data.query`,
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
      `column '${d.column}' is of type ${d.sqlType}, which is neither number, text nor boolean; leave it out of data.features, or cast it in data.query, such as 'epoch("${d.column}")' or '"${d.column}"::VARCHAR'`,
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
    (d: { column: string; value: number; row: number }) =>
      `column '${d.column}' has the value ${d.value} in row ${d.row}, beyond 2^1000 (1.07e301), the largest size that trees take; scale it in data.query`,
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
