/**
 * Where models run: something that takes tasks, gives outcomes, and may end at any time.
 * @module
 */
import type { Outcome, Task } from "./messages.ts";

export interface Host {
  /** Settles once the task is on its way; one task at a time. What cannot be sent shows in `ended`. */
  readonly send: (task: Task) => Promise<void>;
  /** Ends it, whatever it does. */
  readonly kill: () => void;
}

export interface HostEvents {
  readonly outcome: (outcome: Outcome) => void;
  /** Called once. */
  readonly ended: (how: Ended) => void;
}

export type Ended =
  | { readonly cause: "memory" }
  /** `how` in words. */
  | { readonly cause: "other"; readonly how: string };

export type StartHost = (events: HostEvents) => Host;
