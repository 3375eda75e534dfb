/**
 * Repeats a call of a job while the registry is away: every call of a job may be repeated.
 * @module
 */
import { repeatCall } from "@mintmark/async/repeat-call";
import { isWorthRepeating } from "./failure.ts";

export interface Patience {
  /** How long to go on after the first failure, in milliseconds. */
  readonly forMs: number;
  readonly signal: AbortSignal;
}

/** @throws the error of the last call; the reason of the signal */
export function repeated<T>(call: () => Promise<T>, patience: Patience): Promise<T> {
  return repeatCall(call, { isWorthRepeating, ...patience });
}
