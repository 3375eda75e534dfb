/**
 * Calls of the registry whose answer was lost, because it or its database died under them: repeated for as long as a restart
 * takes, where to do them again does no more than once.
 *
 * A call may have been carried out before its answer was lost. Clients repeat whatever fails with 503, under a new identity, and
 * would have a second run, model or version; the gateway repeats it under the same one.
 * @module
 */
import { randomUUID } from "node:crypto";
import { MethodOptions_IdempotencyLevel as IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { repeatCall } from "@mintmark/async/repeat-call";
import type { Reason } from "@mintmark/errors";
import { reasonOf } from "@mintmark/registry-client";

/** A registry that is started again is there after 1 to 2 s, on a busy machine after 9; clients wait 120 s for an answer. */
const patienceMs = 30_000;

/** Whether the connection broke, or never came about: what fails with headers was answered. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof ConnectError && brokenOff.has(error.code) && [...error.metadata].length === 0;
}

/** What the transport makes of sockets and streams that end under a call. */
const brokenOff: ReadonlySet<Code> = new Set([
  Code.Unavailable,
  Code.Aborted,
  Code.Canceled,
  Code.Internal,
  Code.Unknown,
]);

/** Repeats the methods that proto/ declares safe to repeat. */
export const repeatLostCalls: Interceptor = (next) => (request) => {
  const isSafe = !request.stream && request.method.idempotency !== IdempotencyLevel.IDEMPOTENCY_UNKNOWN;
  return isSafe ? untilAnswered(() => next(request), request.signal) : next(request);
};

/**
 * Makes something once, however often the answer is lost.
 * @param make names what it makes, by an id or a name, so that the registry refuses to make it twice
 * @param taken the reason of that refusal; when it comes to a repetition, what is there is taken for the work of the call before:
 *   of an id that is certain, of a name nearly so
 * @param read reads what is there
 */
export async function makeOnce<Made, Found>(
  make: () => Promise<Made>,
  taken: Reason,
  read: () => Promise<Found>,
): Promise<Made | Found> {
  let wasLost = false;
  return await untilAnswered(async () => {
    try {
      return await make();
    } catch (error) {
      if (wasLost && reasonOf(error) === taken) return await read();
      wasLost ||= isLost(error);
      throw error;
    }
  });
}

/** Of whatever is made with an id of 32 hexadecimal digits. */
export function newId(): string {
  return randomUUID().replaceAll("-", "");
}

/** Calls again, with pauses, for as long as the answer is lost and patience lasts. */
export function untilAnswered<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  return repeatCall(call, { isWorthRepeating: isLost, forMs: patienceMs, signal });
}

/** Whether it is not known if the call was carried out; also where the database ended under it. */
function isLost(error: unknown): boolean {
  return isUnanswered(error) || reasonOf(error) === "DATABASE_UNAVAILABLE";
}
