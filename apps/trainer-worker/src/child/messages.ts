/**
 * What the worker and the child process of a job say to each other.
 * @module
 */
import type { Failure } from "../failure.ts";

export type ToChild =
  | {
      readonly type: "job";
      readonly job: Uint8Array;
      readonly attemptToken: string;
      readonly checkpoint: string;
    }
  /** End as soon as possible; the worker does not wait long. */
  | { readonly type: "abort" };

export type ToWorker =
  /** Warmed up. */
  | { readonly type: "ready" }
  | { readonly type: "progress"; readonly progress: StepProgress }
  | { readonly type: "log"; readonly line: ChildLogLine }
  | { readonly type: "checkpoint"; readonly checkpoint: ChildCheckpoint }
  /** The version is registered: `NAME/NUMBER`. */
  | { readonly type: "finished"; readonly version: string }
  | { readonly type: "failed"; readonly failure: Failure };

export interface StepProgress {
  readonly step: StepName;
  /** 0 and 0 if the step has no iterations. */
  readonly iteration: number;
  readonly iterations: number;
  readonly loss?: number | undefined;
  readonly remainingSeconds?: number | undefined;
}

export type StepName = "load" | "fit" | "evaluate" | "package" | "sign" | "push";

/**
 * The state of a fit in a file. Not in the message: while a fit holds the thread, nobody writes on what the channel does
 * not take at once, and whatever is said afterwards waits behind it.
 */
export interface ChildCheckpoint {
  /** In the directory of the child. */
  readonly path: string;
  readonly iteration: number;
}

export interface ChildLogLine {
  readonly time: number;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly text: string;
}
