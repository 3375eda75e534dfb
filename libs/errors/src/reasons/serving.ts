import { define } from "../define.ts";

/** From 0 in a request; in a file people count from 1. */
interface Row {
  readonly row: number;
  readonly file?: string | undefined;
}

const at = ({ row, file }: Row) => (file === undefined ? `at row ${row}` : `in row ${row + 1} of ${file}`);

/** Failures of model files and predictions. */
export const servingReasons = {
  MODEL_FILE_INVALID: define(
    "failed_precondition",
    (d: { file: string; problem: string }) => `${d.file} is not a model that can be served: ${d.problem}`,
  ),
  MODEL_TOO_COSTLY: define("failed_precondition", (d: { cost: string }) => `model.onnx is not served: ${d.cost}`),
  OPERATOR_UNSUPPORTED: define(
    "failed_precondition",
    (d: { operator: string; problem?: string }) =>
      `model.onnx uses ${d.operator}${d.problem === undefined ? "" : ` with ${d.problem}`}, which Mintmark does not run; it runs the models that it trains`,
  ),
  OUTPUT_CONFIGURATION_INVALID: define(
    "invalid_argument",
    (d: { field: string; problem: string }) => `"output.${d.field}" ${d.problem}`,
  ),
  MODEL_INPUTS_MISSING: define("invalid_argument", (d: { names: readonly string[]; query?: string | undefined }) => {
    const names = `model is missing inputs [${d.names.map((name) => `'${name}'`).join(", ")}]`;
    return d.query === undefined
      ? names
      : `${names}; it was trained on the columns of a query, and wants those: ${d.query}`;
  }),
  INPUT_VALUE_MISSING: define(
    "invalid_argument",
    (d: { column: string } & Row) =>
      `input '${d.column}' has no value ${at(d)}, and the model has no rule for that: give one, or train with { impute: [${d.column}] }`,
  ),
  INPUT_VALUE_INVALID: define(
    "invalid_argument",
    (d: { column: string; expected: string; value: string } & Row) =>
      `input '${d.column}' expected ${d.expected}, got ${d.value} ${at(d)}`,
  ),
  INPUT_LENGTHS_DIFFER: define(
    "invalid_argument",
    (d: { column: string; rows: number; expected: number }) =>
      `input '${d.column}' has ${d.rows} rows, the inputs before it have ${d.expected}`,
  ),
  SCORING_VALUES_TOO_MANY: define(
    "resource_exhausted",
    (d: { limit: number }) =>
      `the body has more than ${d.limit} values; send the rows in several requests (MINTMARK_SCORING_VALUES sets the limit)`,
    { status: 413 },
  ),
  MODEL_RUN_TOO_LARGE: define(
    "resource_exhausted",
    (d: { mebibytes: number; bytes: number }) =>
      `predicting a body of ${d.bytes} bytes takes more than ${d.mebibytes} MiB of memory; send fewer rows at a time (MINTMARK_MODEL_MEMORY sets the limit)`,
    { status: 413 },
  ),
  MODEL_RUN_TOO_LONG: define(
    "resource_exhausted",
    (d: { seconds: number; bytes: number }) =>
      `predicting a body of ${d.bytes} bytes takes longer than ${d.seconds} s; send fewer rows at a time (MINTMARK_MODEL_SECONDS sets the limit)`,
    { status: 413 },
  ),
  MODEL_RUNS_BUSY: define(
    "resource_exhausted",
    (d: { waiting: number }) => `${d.waiting} predictions wait already; try again in a moment`,
    { retryAfter: 1 },
  ),
  MODEL_RUN_LOST: define(
    "unavailable",
    (d: { cause: string }) => `the process of the model ended during the prediction (${d.cause}); try again`,
    { retryAfter: 1 },
  ),
} as const;
