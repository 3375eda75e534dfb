/**
 * The lock of a folder that is to be frozen, under its first name; see path-lock.ts.
 * @module
 */
import type { Db } from "../db/schema.ts";
import { lockPath } from "./path-lock.ts";

/** `path` is the folder that is frozen. */
export function lockRoot(tx: Db, path: string, _mode: "exclusive"): Promise<void> {
  return lockPath(tx, path);
}
