/**
 * What a failure means for the job: its reason, its message, and whether the same job may succeed when tried again.
 * This is the one place where that is decided; steps only throw.
 * @module
 */
import { Code, ConnectError } from "@connectrpc/connect";
import { AppError, type Kind } from "@mintmark/errors";
import { reasonOf } from "@mintmark/registry-client";

export interface Failure {
  /** Of the table of failures, or `INTERNAL`. */
  readonly reason: string;
  readonly message: string;
  readonly retryable: boolean;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof AppError)
    return { reason: error.reason, message: error.message, retryable: retryableKinds.has(error.kind) };
  if (error instanceof ConnectError) return rpcFailure(error);
  return { reason: "INTERNAL", message: "a fault of Mintmark; the log of the job has the details", retryable: false };
}

/** A child that ended without a word: by a signal from the system or an operator it may be, by itself it is our fault. */
export function crashFailure(exit: { readonly code: number | null; readonly signal: string | null }): Failure {
  if (exit.signal === null)
    return { reason: "INTERNAL", message: `the training process ended with code ${exit.code}`, retryable: false };
  return {
    reason: "TRAINING_PROCESS_KILLED",
    message: new AppError("TRAINING_PROCESS_KILLED", { signal: exit.signal }).message,
    retryable: true,
  };
}

/** Whether the same call may succeed later. Every call of a job may be repeated. */
export function isWorthRepeating(error: unknown): boolean {
  return error instanceof ConnectError ? rpcFailure(error).retryable : failureOf(error).retryable;
}

/** Whether the registry says that the attempt is no longer the run's: whoever hears that writes nothing more. */
export function isAttemptLost(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.Aborted && reasonOf(error) !== undefined;
}

const retryableKinds: ReadonlySet<Kind> = new Set<Kind>(["unavailable", "resource_exhausted"]);

// An error without a reason of ours did not come from the registry's rules: the connection broke, or the server has a fault.
function rpcFailure(error: ConnectError): Failure {
  const reason = reasonOf(error);
  const busy = error.code === Code.Unavailable || error.code === Code.ResourceExhausted;
  if (reason !== undefined) return { reason, message: error.rawMessage, retryable: busy };
  return { reason: "REGISTRY_FAILED", message: error.message, retryable: !hopeless.has(error.code) };
}

const hopeless: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.AlreadyExists,
  Code.PermissionDenied,
  Code.Unauthenticated,
  Code.FailedPrecondition,
  Code.Unimplemented,
]);
