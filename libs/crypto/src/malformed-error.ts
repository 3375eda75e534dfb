/**
 * What was given does not have the form that it must have.
 * @module
 */

/** A class of its own: a `RangeError` is also what the engine throws where memory or the stack is at its end. */
export class MalformedError extends Error {
  override readonly name: string = "MalformedError";
}
