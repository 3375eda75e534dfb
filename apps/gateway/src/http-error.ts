/**
 * How failures leave by HTTP: one status for each kind, one body.
 * @module
 */
import { Code, ConnectError } from "@connectrpc/connect";
import { AppError, type Kind } from "@mintmark/errors";
import { reasonOf } from "@mintmark/registry-client";
import { isUnanswered } from "./lost-calls.ts";

export interface HttpFailure {
  readonly status: number;
  readonly code: Kind | "internal";
  readonly reason: string;
  readonly message: string;
}

/** What a 401 asks for (RFC 9110 §11.6.1). */
export const challenge = 'Bearer realm="mintmark"';

/** As the Connect protocol maps its codes, so that a failure has one status on every port. */
const statusOfKind = {
  invalid_argument: 400,
  unauthenticated: 401,
  permission_denied: 403,
  not_found: 404,
  already_exists: 409,
  failed_precondition: 400,
  aborted: 409,
  data_loss: 500,
  resource_exhausted: 429,
  unavailable: 503,
} as const satisfies Record<Kind, number>;

const kindOfCode: Partial<Record<Code, Kind>> = {
  [Code.InvalidArgument]: "invalid_argument",
  [Code.Unauthenticated]: "unauthenticated",
  [Code.PermissionDenied]: "permission_denied",
  [Code.NotFound]: "not_found",
  [Code.AlreadyExists]: "already_exists",
  [Code.FailedPrecondition]: "failed_precondition",
  [Code.Aborted]: "aborted",
  [Code.DataLoss]: "data_loss",
  [Code.ResourceExhausted]: "resource_exhausted",
  [Code.Unavailable]: "unavailable",
  [Code.DeadlineExceeded]: "unavailable",
  [Code.Canceled]: "unavailable",
};

/** What `error` is to a caller. What is neither of the table nor of the registry leaves as a bare "internal error". */
export function httpFailure(error: unknown): HttpFailure {
  if (isTooLarge(error)) return httpFailure(new AppError("MESSAGE_TOO_LARGE", { cause: error.rawMessage }));
  if (error instanceof AppError)
    return {
      status: error.http.status ?? statusOfKind[error.kind],
      code: error.kind,
      reason: error.reason,
      message: error.message,
    };
  const kind = error instanceof ConnectError ? kindOf(error) : undefined;
  if (error instanceof ConnectError && kind)
    return {
      status: statusOfKind[kind],
      code: kind,
      reason: reasonOf(error) ?? kind.toUpperCase(),
      message: error.rawMessage,
    };
  const ours = kindOfFramework(error);
  if (ours !== undefined)
    return { status: ours.status, code: ours.kind, reason: "REQUEST_UNREADABLE", message: ours.message };
  return { status: 500, code: "internal", reason: "INTERNAL", message: "internal error" };
}

/** The transport's own refusal, or the registry's of one message. Repeated, it is no smaller: no other that is exhausted is like that. */
function isTooLarge(error: unknown): error is ConnectError {
  if (!(error instanceof ConnectError) || error.code !== Code.ResourceExhausted) return false;
  const reason = reasonOf(error);
  return reason === undefined || reason === "MESSAGE_OVER_LIMIT";
}

function kindOf(error: ConnectError): Kind | undefined {
  // Whatever the transport calls a connection that broke: an "aborted" of the registry's is something else.
  return isUnanswered(error) ? "unavailable" : kindOfCode[error.code];
}

/** What the framework, or Node's parser, refuses by itself: a body too long, a length that is not that of the body. */
function kindOfFramework(error: unknown): { status: number; kind: Kind; message: string } | undefined {
  if (!(error instanceof Error) || !("statusCode" in error) || typeof error.statusCode !== "number") return undefined;
  const { statusCode: status, message } = error;
  if (status < 400 || status >= 500) return undefined;
  return { status, kind: status === 413 ? "resource_exhausted" : "invalid_argument", message };
}

/** The error body of `/v1`. */
export function errorBody(failure: HttpFailure): string {
  return JSON.stringify(errorFields(failure));
}

/** Its fields, for a body that has others beside them. */
export function errorFields({ code, reason, message }: Omit<HttpFailure, "status">) {
  return { error: { code, reason, message } };
}
