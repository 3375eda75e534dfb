/**
 * What the registry and the child process of a check say to each other.
 * @module
 */
import type { DescribedData } from "@mintmark/dataset";
import type { Reason } from "@mintmark/errors";
import type { TrainingConfig } from "@mintmark/training-file";

/** The one message to the child. */
export interface CheckTask {
  readonly config: TrainingConfig;
  /** Of the files, in their order. */
  readonly paths: readonly string[];
  readonly limits: ProcessLimits;
  /** The id of the registry's process. */
  readonly parent: number;
}

/** What the process of a check may use before it is ended. */
export interface ProcessLimits {
  /** Of memory that is resident. */
  readonly memoryBytes: number;
  /** Of files below its directory, what it was given included. */
  readonly diskBytes: number;
}

/** The one message from the child. */
export type CheckOutcome =
  | { readonly type: "described"; readonly data: DescribedData }
  /** A failure of the table: what the user can act on. */
  | { readonly type: "refused"; readonly reason: Reason; readonly detail: unknown }
  /** Anything else. */
  | { readonly type: "broken"; readonly problem: string };

/** By which signal the child ends itself where it has used up what it may. The system ends it by that of memory, too. */
export const endedFor = { memory: "SIGKILL", disk: "SIGTERM" } as const;
