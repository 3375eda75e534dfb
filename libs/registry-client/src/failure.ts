/**
 * Failures of a call, read back into what happened.
 * @module
 */
import { Code, ConnectError } from "@connectrpc/connect";
import type { Reason } from "@mintmark/errors";

/** The header in which the reason of the error table travels beside the RPC code. */
export const reasonHeader = "mintmark-reason";
/** The header in which a write's event number comes back. */
export const eventHeader = "mintmark-event";

/** The reason that the server gave, if the error is one of the table. */
export function reasonOf(error: unknown): Reason | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  return (error.metadata.get(reasonHeader) ?? undefined) as Reason | undefined;
}

/** Whether the same call may succeed later: the other side is not there, or too busy. */
export function isRetryable(error: unknown): boolean {
  if (!(error instanceof ConnectError)) return false;
  return (
    error.code === Code.Unavailable || error.code === Code.ResourceExhausted || error.code === Code.DeadlineExceeded
  );
}

/**
 * Whether a transfer broke off on the way and may go on: the server did not refuse it by a rule, or says itself where to
 * go on.
 */
export function isTransferBroken(error: unknown): boolean {
  if (!(error instanceof ConnectError)) return false;
  const reason = reasonOf(error);
  if (reason !== undefined) return isRetryable(error) || resumable.has(reason);
  return !refusals.has(error.code);
}

const resumable: ReadonlySet<Reason> = new Set<Reason>(["BLOB_TRUNCATED", "BLOB_OFFSET_WRONG"]);

const refusals: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.PermissionDenied,
  Code.Unauthenticated,
  Code.Unimplemented,
  Code.DataLoss,
]);
