/**
 * Looks for what may not be there.
 * @module
 */
import { Code, ConnectError } from "@connectrpc/connect";

/** `undefined` if the registry has no such thing. */
export async function orAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ConnectError && error.code === Code.NotFound) return undefined;
    throw error;
  }
}
