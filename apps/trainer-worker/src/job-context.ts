/**
 * What every step of a job has at hand.
 * @module
 */
import type { SigningKeys } from "@mintmark/crypto/keys";
import type { Job } from "@mintmark/proto/mintmark/training/v1/job";
import type { RegistryClient } from "@mintmark/registry-client";
import type { Checkpoints } from "./checkpoint/fit-state.ts";
import type { ChildLogLine, StepProgress } from "./child/messages.ts";
import type { JobSettings } from "./settings.ts";

export interface JobContext {
  readonly job: Job;
  readonly runId: string;
  /** What every write carries, so that an attempt that was given to another worker can write nothing. */
  readonly attemptToken: string;
  readonly checkpoints: Checkpoints;
  readonly registry: RegistryClient;
  readonly keys: SigningKeys;
  readonly settings: JobSettings;
  /** For the files of the job; whoever made it removes it at the end. */
  readonly directory: string;
  /** Fires when the job is to end. */
  readonly signal: AbortSignal;
  readonly report: (progress: StepProgress) => void;
  readonly log: (level: ChildLogLine["level"], text: string) => void;
  /** Throws if the job is to end: for work that holds the thread and hears no signal. */
  readonly requireWanted: () => void;
}
