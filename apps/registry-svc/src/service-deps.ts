/**
 * What the services are built from; made once in `server.ts`.
 * @module
 */
import type { Listener } from "./db/listener.ts";
import type { Db } from "./db/schema.ts";

export interface ServiceDeps {
  readonly db: Db;
  readonly listener: Listener;
}
