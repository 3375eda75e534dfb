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

export interface Definition<Detail> extends Omit<HttpAnswer, "retryAfter"> {
  readonly kind: Kind;
  readonly message: (detail: Detail) => string;
  readonly retryAfter?: number | ((detail: Detail) => number);
}

/** How a failure leaves by HTTP, where its kind does not say enough. */
export interface HttpAnswer {
  /** Instead of its kind's: 413 for what is too large, which RPC has no code of its own for. */
  readonly status?: 413;
  /** After how many seconds the same may be asked again (RFC 9110 §10.2.3). */
  readonly retryAfter?: number;
}

/** Describes one reason; `message` says what, with the values, and the way out where there is one. */
export function define<Detail>(
  kind: Kind,
  message: (detail: Detail) => string,
  http: Pick<Definition<Detail>, "status" | "retryAfter"> = {},
): Definition<Detail> {
  return { kind, message, ...http };
}
