/**
 * Failures of a call, read back into what happened.
 * @module
 */
import { Code, ConnectError } from "@connectrpc/connect";
import type { AppError, Detail, Reason } from "@mintmark/errors";

/** The header in which the reason of the error table travels beside the RPC code. */
export const reasonHeader = "mintmark-reason";
/** The header in which the values of the reason travel, as percent-encoded JSON. */
const detailHeader = "mintmark-detail";
/** Longer details stay behind: headers have a limit, and the message holds the values in any case. */
const maxDetailLength = 4_096;
/** The header in which a write's event number comes back. */
export const eventHeader = "mintmark-event";

/** The reason that the server gave, if the error is one of the table. */
export function reasonOf(error: unknown): Reason | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  return (error.metadata.get(reasonHeader) ?? undefined) as Reason | undefined;
}

/** What a server sends with a failure of the table, besides its code and message. */
export function failureHeaders({ reason, detail, http }: AppError): Record<string, string> {
  const text = detailText(detail);
  return {
    [reasonHeader]: reason,
    ...(text === undefined ? {} : { [detailHeader]: text }),
    ...(http.retryAfter && { "retry-after": `${http.retryAfter}` }),
  };
}

/** A detail may quote all that was sent: what is too long as it is need not be encoded. */
function detailText(detail: object): string | undefined {
  if (Object.values(detail).some((value) => typeof value === "string" && value.length > maxDetailLength))
    return undefined;
  const text = encodeURIComponent(
    JSON.stringify(detail, (_, value) => (typeof value === "bigint" ? String(value) : value)),
  );
  return text.length > maxDetailLength ? undefined : text;
}

/** The values of the failure if it is for this reason and they came with it. */
export function detailOf<R extends Reason>(error: unknown, reason: R): Detail<R> | undefined {
  if (!(error instanceof ConnectError) || error.metadata.get(reasonHeader) !== reason) return undefined;
  const text = error.metadata.get(detailHeader);
  return text === null ? undefined : (JSON.parse(decodeURIComponent(text)) as Detail<R>);
}

/**
 * Whether a transfer broke off on the way and may go on: the server did not refuse it by a rule, or says itself where to
 * go on.
 */
export function isTransferBroken(error: unknown): boolean {
  if (!(error instanceof ConnectError)) return false;
  const reason = reasonOf(error);
  if (reason !== undefined) return passing.has(error.code) || resumable.has(reason);
  return !refusals.has(error.code);
}

/** The other side is not there, or too busy. */
const passing: ReadonlySet<Code> = new Set([Code.Unavailable, Code.ResourceExhausted, Code.DeadlineExceeded]);

const resumable: ReadonlySet<Reason> = new Set<Reason>(["BLOB_TRUNCATED", "BLOB_OFFSET_WRONG"]);

const refusals: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.PermissionDenied,
  Code.Unauthenticated,
  Code.Unimplemented,
  Code.DataLoss,
]);
