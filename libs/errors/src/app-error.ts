/**
 * The error that carries a reason of the table through the system.
 * @module
 */
import type { Definition, HttpAnswer, Kind } from "./define.ts";
import { type Detail, type Reason, reasons } from "./reasons.ts";

/** A failure the caller can act on. Anything else that is thrown is a bug or an outage. */
export class AppError<R extends Reason = Reason> extends Error {
  override readonly name = "AppError";
  readonly reason: R;
  readonly kind: Kind;
  readonly detail: Detail<R>;
  readonly http: HttpAnswer;

  constructor(reason: R, detail: Detail<R>, options?: ErrorOptions) {
    const definition = reasons[reason] as Definition<Detail<R>>;
    super(shortened(definition.message(detail)), options);
    this.reason = reason;
    this.kind = definition.kind;
    this.detail = detail;
    const { status, retryAfter: after } = definition;
    const retryAfter = typeof after === "function" ? after(detail) : after;
    this.http = { ...(status && { status }), ...(retryAfter && { retryAfter }) };
  }

  /** Whether it is of that reason, and so has its detail. */
  is<Other extends Reason>(reason: Other): this is AppError<Other> {
    return (this.reason as Reason) === reason;
  }
}

const maxHead = 3_000;
const maxTail = 1_000;

/** A message that quotes what was sent could be as long as that: what stands in its middle is left out. */
export function shortened(message: string): string {
  if (message.length <= maxHead + maxTail) return message;
  return `${message.slice(0, maxHead)}…${message.slice(-maxTail)}`.toWellFormed();
}
