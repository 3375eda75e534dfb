/**
 * The one place where failures become RPC errors: a reason of the table by its kind, a database that is away as
 * "unavailable", anything else as a bare "internal error", so that no SQL and no path reaches a caller.
 * @module
 */
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { AppError, type Kind } from "@mintmark/errors";
import { failureHeaders } from "@mintmark/registry-client";
import { statementSeconds } from "./db/connect.ts";
import { isOutage, isStatementTimeout } from "./db/outage.ts";
import { unfitness } from "./db/sqlstate.ts";

const codes = {
  invalid_argument: Code.InvalidArgument,
  unauthenticated: Code.Unauthenticated,
  permission_denied: Code.PermissionDenied,
  not_found: Code.NotFound,
  already_exists: Code.AlreadyExists,
  failed_precondition: Code.FailedPrecondition,
  aborted: Code.Aborted,
  data_loss: Code.DataLoss,
  resource_exhausted: Code.ResourceExhausted,
  unavailable: Code.Unavailable,
} as const satisfies Record<Kind, Code>;

/** @param onUnexpected is told of errors that are ours: they leave without detail, and this is where the detail stays */
export function errorInterceptor(onUnexpected: (error: unknown) => void): Interceptor {
  return (next) => async (request) => {
    try {
      const response = await next(request);
      if (!response.stream) return response;
      // A stream fails while it is read, after this function has returned.
      return { ...response, message: translated(response.message, onUnexpected) };
    } catch (error) {
      throw toConnectError(error, onUnexpected);
    }
  };
}

/** What crosses the wire for a failure. */
export function toConnectError(error: unknown, onUnexpected: (error: unknown) => void): ConnectError {
  if (error instanceof ConnectError) return error;
  if (error instanceof AppError)
    return new ConnectError(error.message, codes[error.kind], failureHeaders(error), undefined, error);
  if (isAbort(error))
    return new ConnectError("the call was ended by its caller", Code.Canceled, undefined, undefined, error);
  const problem = unfitness(error);
  if (problem !== undefined)
    return toConnectError(new AppError("REQUEST_INVALID", problem, { cause: error }), onUnexpected);
  onUnexpected(error);
  if (isOutage(error)) return toConnectError(new AppError("DATABASE_UNAVAILABLE", {}, { cause: error }), onUnexpected);
  if (isStatementTimeout(error))
    return toConnectError(
      new AppError("STATEMENT_TIMEOUT", { seconds: statementSeconds }, { cause: error }),
      onUnexpected,
    );
  return new ConnectError("internal error", Code.Internal, undefined, undefined, error);
}

async function* translated<T>(messages: AsyncIterable<T>, onUnexpected: (error: unknown) => void): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (error) {
    throw toConnectError(error, onUnexpected);
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
