/**
 * The version of Mintmark that the gateway states.
 * @module
 */
import { readFileSync } from "node:fs";

/** Mintmark's own version. */
export const mintmarkVersion: string = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }
).version;
