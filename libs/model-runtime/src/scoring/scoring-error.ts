/**
 * A body that is not what the scoring protocol takes.
 * @module
 */

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
