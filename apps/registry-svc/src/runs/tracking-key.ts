/**
 * Keys of metrics, parameters and tags. Clients keep some of them as files, so each has to be a path that names no other.
 * @module
 */
import { posix } from "node:path";
import { invalid, requireEntries, requireEntryKey } from "../fields.ts";

export type Keyed = "metric" | "param" | "tag";

/** @throws AppError REQUEST_INVALID that names the key */
export function requireKey(what: Keyed, key: string): string {
  requireEntryKey(what, key);
  const shown = JSON.stringify(key);
  if (!/^[\p{L}\p{N}_/.\- :]*$/u.test(key))
    throw invalid(`${what} key`, `may have letters, digits, '_', '-', '.', ' ', ':' and '/', got ${shown}`);
  const normal = normalPath(key);
  if (normal !== key || key === "." || key.startsWith("..") || key.startsWith("/")) {
    const which = normal === key ? "" : `, which is ${normal}`;
    throw invalid(`${what} key`, `must be a path in its normal form, got ${shown}${which}`);
  }
  return key;
}

/** As `requireKey` for each of them, with the length of the values. @throws AppError REQUEST_INVALID */
export function requireKeyed<T extends Readonly<Record<string, string>>>(what: Keyed, entries: T, maxValue: number): T {
  for (const key of Object.keys(entries)) requireKey(what, key);
  return requireEntries(what, entries, maxValue);
}

function normalPath(key: string): string {
  const normal = posix.normalize(key);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}
