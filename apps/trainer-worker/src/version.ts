/**
 * The version of Mintmark that runs.
 * @module
 */
import { readFileSync } from "node:fs";

export const mintmarkVersion: string = readVersion();

function readVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
