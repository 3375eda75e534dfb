/**
 * What the services are built from; made once in `server.ts`.
 * @module
 */
import type { BlobStore } from "@mintmark/blob-store";
import type { Listener } from "./db/listener.ts";
import type { Db } from "./db/schema.ts";
import type { KeyRing } from "./keys/key-ring.ts";

export interface ServiceDeps {
  readonly db: Db;
  readonly listener: Listener;
  readonly blobs: BlobStore;
  readonly keys: KeyRing;
  /** Aborted when the server begins to stop: streams that would never end by themselves end then. */
  readonly closing: AbortSignal;
}
