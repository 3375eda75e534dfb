/**
 * An end to waiting for a queue that is away: on Redis a command waits until the connection is back.
 * @module
 */
import { AppError } from "@mintmark/errors";

/** @throws AppError QUEUE_UNAVAILABLE when `work` takes longer or fails. */
export async function withDeadline<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } catch (cause) {
    throw new AppError(
      "QUEUE_UNAVAILABLE",
      { cause: cause instanceof Error ? cause.message : String(cause) },
      { cause },
    );
  } finally {
    clearTimeout(timer);
  }
}
