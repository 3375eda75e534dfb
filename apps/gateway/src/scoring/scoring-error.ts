/**
 * Failures in the form of MLflow's scoring protocol.
 * @module
 */
import type { Kind } from "@mintmark/errors";
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

/** MLflow's word for each kind of failure. */
const codeOfKind: Readonly<Record<string, string>> = {
  invalid_argument: "INVALID_PARAMETER_VALUE",
  unauthenticated: "UNAUTHENTICATED",
  permission_denied: "PERMISSION_DENIED",
  not_found: "RESOURCE_DOES_NOT_EXIST",
  already_exists: "RESOURCE_ALREADY_EXISTS",
  aborted: "ABORTED",
  failed_precondition: "INVALID_STATE",
  resource_exhausted: "RESOURCE_EXHAUSTED",
  unavailable: "TEMPORARILY_UNAVAILABLE",
} satisfies Partial<Record<Kind, string>>;

/** The status and body of the failure. */
export function scoringFailure(error: unknown): { readonly status: number; readonly body: string } {
  const { status, code, message } =
    error instanceof ScoringError ? { status: 400, code: error.code, message: error.message } : inMlflowTerms(error);
  return { status, body: JSON.stringify({ error_code: code, message }) };
}

function inMlflowTerms(error: unknown): { status: number; code: string; message: string } {
  const { status, code, message } = httpFailure(error);
  return { status, code: status === 413 ? "REQUEST_LIMIT_EXCEEDED" : (codeOfKind[code] ?? "INTERNAL_ERROR"), message };
}
