/**
 * Failures in MLflow's form: one table from the reasons of the error table to its codes, statuses and the messages that its
 * clients match on.
 * @module
 */
import { AppError, type Reason, shortened } from "@mintmark/errors";
import { detailOf, reasonOf } from "@mintmark/registry-client";
import { type HttpFailure, httpFailure } from "../http-error.ts";

/** MLflow's codes with the status of each. */
export const statusOfCode = {
  INVALID_PARAMETER_VALUE: 400,
  RESOURCE_ALREADY_EXISTS: 400,
  BAD_REQUEST: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  RESOURCE_DOES_NOT_EXIST: 404,
  ENDPOINT_NOT_FOUND: 404,
  RESOURCE_CONFLICT: 409,
  REQUEST_LIMIT_EXCEEDED: 429,
  INTERNAL_ERROR: 500,
  DATA_LOSS: 500,
  NOT_IMPLEMENTED: 501,
  TEMPORARILY_UNAVAILABLE: 503,
} as const;

export type MlflowCode = keyof typeof statusOfCode;

/** A failure that only this face of the system has. */
export class MlflowError extends Error {
  override readonly name = "MlflowError";
  readonly code: MlflowCode;

  constructor(code: MlflowCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What leaves for a failure. */
export interface MlflowFailure {
  readonly status: number;
  readonly code: MlflowCode;
  readonly message: string;
}

/** Codes of the kinds of the error table, and of what is none of them. A conflict of a name is 400 in MLflow, not 409. */
export const codeOfKind = {
  invalid_argument: "INVALID_PARAMETER_VALUE",
  unauthenticated: "UNAUTHENTICATED",
  permission_denied: "PERMISSION_DENIED",
  not_found: "RESOURCE_DOES_NOT_EXIST",
  already_exists: "RESOURCE_ALREADY_EXISTS",
  failed_precondition: "INVALID_PARAMETER_VALUE",
  aborted: "RESOURCE_CONFLICT",
  data_loss: "DATA_LOSS",
  resource_exhausted: "REQUEST_LIMIT_EXCEEDED",
  unavailable: "TEMPORARILY_UNAVAILABLE",
  internal: "INTERNAL_ERROR",
} as const satisfies Record<HttpFailure["code"], MlflowCode>;

type Translation<R extends Reason> = {
  readonly code?: MlflowCode;
  readonly message?: (detail: ConstructorParameters<typeof AppError<R>>[1]) => string;
};

/** Fields of requests that the registry calls otherwise than MLflow. */
const mlflowNames: Readonly<Record<string, string>> = {
  page_size: "max_results",
  archive_existing: "archive_existing_versions",
  user: "user_id",
  "name of the run": "run_name",
  "name of the assessment": "assessment_name",
  value_json: "value",
  update_time: "last_update_time",
  id: "trace_id",
  "start_time of the trace": "request_time",
  duration: "execution_duration",
  inputs: "datasets",
  model_inputs: "models",
  model_outputs: "models",
  "inputs.schema_json": "datasets.dataset.schema",
  "inputs.profile_json": "datasets.dataset.profile",
  "inputs.role": "datasets.tags.value",
  "inputs.tags.key": "datasets.tags.key",
  "inputs.tags.value": "datasets.tags.value",
};

function mlflowName(field: string): string {
  const own = Object.hasOwn(mlflowNames, field) ? mlflowNames[field] : undefined;
  return own ?? field.replace(/^records_json/, "records").replace(/^inputs\./, "datasets.dataset.");
}

/** Where MLflow has a code or a message of its own. */
const translations: { readonly [R in Reason]?: Translation<R> } = {
  REQUEST_INVALID: { message: ({ field, problem }) => `"${mlflowName(field)}" ${problem}` },
  PAGE_TOKEN_INVALID: {
    message: ({ token }) =>
      `Invalid value ${JSON.stringify(token)} for parameter 'page_token' supplied. It is none that this list gave; begin again without it.`,
  },
  TOKEN_MISSING: {
    message: () => "a token is required; set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_PASSWORD with any user name",
  },
  MODEL_NOT_FOUND: { message: ({ model }) => `Registered Model with name=${model} not found` },
  NAME_TAKEN: { message: ({ name }) => `Registered Model (name=${name}) already exists.` },
  VERSION_NOT_FOUND: { message: ({ model, version }) => `Model Version (name=${model}, version=${version}) not found` },
  // Of a model that is there, an unknown alias is a wrong parameter.
  ALIAS_NOT_FOUND: {
    code: "INVALID_PARAMETER_VALUE",
    message: ({ alias }) => `Registered model alias ${alias} not found.`,
  },
  FILE_NOT_FOUND: { message: ({ path }) => `No such artifact: '${path}'` },
  FILE_PATH_INVALID: { message: ({ path, problem }) => `Invalid path: ${JSON.stringify(path)} ${problem}` },
  // By the beginning of this message clients know that they have to send the bytes here.
  DIRECT_TRANSFER_UNAVAILABLE: {
    code: "NOT_IMPLEMENTED",
    message: ({ direction }) => `Multipart ${direction} is not supported for the current artifact repository`,
  },
  SOURCE_INVALID: { message: ({ source, problem }) => `Invalid model version source: '${source}'. It ${problem}.` },
  RUN_NOT_FOUND: { message: ({ run }) => `Run with id=${run} not found` },
  EXPERIMENT_NOT_FOUND: { message: ({ experiment }) => `No Experiment with id=${experiment} exists` },
  WEBHOOK_NOT_FOUND: { message: ({ id }) => `Webhook with ID ${id} not found.` },
  TRACE_NOT_FOUND: { message: ({ trace }) => `Trace with ID '${trace}' not found.` },
  ASSESSMENT_NOT_FOUND: {
    message: ({ trace, assessment }) => `Assessment with ID '${assessment}' not found for trace '${trace}'`,
  },
  EVALUATION_DATASET_NOT_FOUND: { message: ({ dataset }) => `Evaluation dataset with id '${dataset}' not found` },
  LOGGED_MODEL_NOT_FOUND: { message: ({ id }) => `Logged model with ID '${id}' not found.` },
};

/** What `error` is to a client of MLflow. What is neither of the table nor of the registry leaves as a bare internal error. */
export function mlflowFailure(error: unknown): MlflowFailure {
  if (error instanceof MlflowError)
    return { status: statusOfCode[error.code], code: error.code, message: error.message };
  const { status, code: kind, message } = httpFailure(error);
  // A body that is too long is no longer a bit later; a client would repeat a 429 for minutes.
  if (status === 413) return { status: 400, code: "INVALID_PARAMETER_VALUE", message };
  const reason = error instanceof AppError ? error.reason : reasonOf(error);
  const own = reason === undefined ? undefined : translated(error, reason);
  const code = own?.code ?? codeOfKind[kind];
  return { status: statusOfCode[code], code, message: own?.message ?? message };
}

function translated<R extends Reason>(error: unknown, reason: R): { code?: MlflowCode; message?: string } | undefined {
  const translation = translations[reason] as Translation<R> | undefined;
  if (translation === undefined) return undefined;
  const detail = error instanceof AppError ? (error as AppError<R>).detail : detailOf(error, reason);
  const { code, message } = translation;
  return {
    ...(code === undefined ? {} : { code }),
    ...(message === undefined || detail === undefined ? {} : { message: message(detail) }),
  };
}

export function mlflowErrorBody({ code, message }: MlflowFailure): string {
  return JSON.stringify({ error_code: code, message: shortened(message) });
}
