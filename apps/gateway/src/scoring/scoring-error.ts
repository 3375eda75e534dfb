/**
 * Failures in the form of MLflow's scoring protocol.
 * @module
 */
import { httpFailure } from "../http-error.ts";
import { codeOfKind } from "../mlflow/mlflow-error.ts";

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

/** The status and body of the failure. */
export function scoringFailure(error: unknown): { readonly status: number; readonly body: string } {
  const { status, code, message } =
    error instanceof ScoringError ? { status: 400, code: error.code, message: error.message } : inMlflowTerms(error);
  return { status, body: JSON.stringify({ error_code: code, message }) };
}

function inMlflowTerms(error: unknown): { status: number; code: string; message: string } {
  const { status, code: kind, message } = httpFailure(error);
  // Here the request is in order, and its model is what cannot be used; "invalid parameter" is said of rows.
  return { status, code: kind === "failed_precondition" ? "INVALID_STATE" : codeOfKind[kind], message };
}
