/**
 * How a failure is described: what the caller should do about it, and the message with its values.
 * @module
 */

/** What the caller should do about it; each kind maps to one RPC code, one HTTP status and one exit code. */
export type Kind =
  | "invalid_argument"
  | "unauthenticated"
  | "permission_denied"
  | "not_found"
  | "already_exists"
  | "failed_precondition"
  | "aborted"
  | "data_loss"
  | "resource_exhausted"
  | "unavailable";

export interface Definition<Detail> {
  readonly kind: Kind;
  readonly message: (detail: Detail) => string;
}

/** Describes one reason; `message` says what, with the values, and the way out where there is one. */
export function define<Detail>(kind: Kind, message: (detail: Detail) => string): Definition<Detail> {
  return { kind, message };
}
