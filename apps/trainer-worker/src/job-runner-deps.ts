/**
 * What a worker gives to each of its jobs.
 * @module
 */
import type { RegistryClient } from "@mintmark/registry-client";
import type { Logger } from "pino";
import type { WarmChild } from "./child/warm-child.ts";

export interface JobRunnerDeps {
  readonly registry: RegistryClient;
  readonly children: WarmChild;
  readonly log: Logger;
  /** Host and process, for people. */
  readonly worker: string;
  readonly heartbeatMs: number;
  readonly leaseMs: number;
  /** Fires when the worker is going away: jobs that run are given back. */
  readonly stopping: AbortSignal;
}
