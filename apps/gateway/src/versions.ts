/**
 * The versions that the gateway states.
 * @module
 */
import { readFileSync } from "node:fs";

/** The MLflow version whose protocols are spoken; its clients ask. */
export const mlflowVersion = "3.17.2";

/** Mintmark's own version. */
export const mintmarkVersion: string = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }
).version;
