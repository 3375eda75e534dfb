/**
 * What the services are built from; made once in `server.ts`.
 * @module
 */
import type { BlobStore } from "@mintmark/blob-store";
import type { JobQueue } from "@mintmark/job-queue/queue";
import type { DataChecks } from "./checks/data-checks.ts";
import type { DataLinks } from "./data-links/data-link.ts";
import type { Listener } from "./db/listener.ts";
import type { Db } from "./db/schema.ts";
import type { KeyRing } from "./keys/key-ring.ts";
import type { ModelTrials } from "./versions/try-model.ts";
import type { WebhookDeps } from "./webhooks/attempt.ts";

export interface ServiceDeps {
  readonly db: Db;
  readonly listener: Listener;
  readonly blobs: BlobStore;
  readonly keys: KeyRing;
  /** Where jobs wait for workers. */
  readonly queue: JobQueue;
  /** Told when the queue cannot be reached after a job was accepted; the reconciler makes good for it. */
  readonly onQueueError: (error: unknown) => void;
  /** Reads data that was uploaded, before a job does. */
  readonly checks: DataChecks;
  /** Runs a model once, before it is registered. */
  readonly trials: ModelTrials;
  /** Links by which the data of runs is fetched without a token. */
  readonly dataLinks: DataLinks;
  /** How webhooks are signed, and where they may go. */
  readonly webhooks: WebhookDeps;
  /** Aborted when the server begins to stop: streams that would never end by themselves end then. */
  readonly closing: AbortSignal;
}
