/**
 * What a caller passed is not what was asked for.
 * @module
 */

/** A class of its own: a `RangeError` is also what the engine throws where memory or the stack is at its end. */
export class ArgumentError extends Error {
  override readonly name: string = "ArgumentError";
}
