/**
 * Failures in the form of MLflow's scoring protocol.
 * @module
 */
import { ScoringError } from "@mintmark/model-runtime/scoring/scoring-error";
import { httpFailure } from "../http-error.ts";
import { codeOfKind } from "../mlflow/mlflow-error.ts";

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
