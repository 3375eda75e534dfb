/**
 * What the services of jobs are built from.
 * @module
 */
import type { ServiceDeps } from "../service-deps.ts";

export type JobDeps = Pick<ServiceDeps, "db" | "listener" | "queue" | "onQueueError" | "checks" | "closing">;

/** How often a job is started anew, and after which pause. */
export const retries = {
  /** Attempts that end by an error worth another try; after the last the job has failed. */
  maxFailures: 3,
  /** Doubled with each failure. */
  backoffMs: 5_000,
  /** Attempts in all: a job whose workers die again and again is what kills them. */
  maxAttempts: 10,
} as const;
