/**
 * Failures in the form of MLflow's scoring protocol.
 * @module
 */
import { httpFailure } from "../http-error.ts";

/** `BAD_REQUEST`: the body cannot be read. `INVALID_PARAMETER_VALUE`: it can, but is not what the model takes. */
export type ScoringCode = "BAD_REQUEST" | "INVALID_PARAMETER_VALUE";

/** A request that the scoring protocol answers with 400. */
export class ScoringError extends Error {
  override readonly name = "ScoringError";
  readonly code: ScoringCode;

  constructor(code: ScoringCode, message: string) {
    super(message);
    this.code = code;
  }
}

const codeOfStatus: Readonly<Record<number, string>> = {
  400: "INVALID_PARAMETER_VALUE",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "RESOURCE_DOES_NOT_EXIST",
  409: "ABORTED",
  412: "INVALID_STATE",
  413: "REQUEST_LIMIT_EXCEEDED",
  429: "RESOURCE_EXHAUSTED",
  503: "TEMPORARILY_UNAVAILABLE",
};

/** The status and body of the failure. */
export function scoringFailure(error: unknown): { readonly status: number; readonly body: string } {
  const { status, code, message } =
    error instanceof ScoringError ? { status: 400, code: error.code, message: error.message } : inMlflowTerms(error);
  return { status, body: JSON.stringify({ error_code: code, message }) };
}

function inMlflowTerms(error: unknown): { status: number; code: string; message: string } {
  const { status, message } = httpFailure(error);
  return { status, code: codeOfStatus[status] ?? "INTERNAL_ERROR", message };
}
