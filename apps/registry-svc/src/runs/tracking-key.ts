/**
 * Keys of metrics, parameters and tags. Clients keep some of them as files, so each has to be a path that names no other.
 * @module
 */
import { posix } from "node:path";
import { AppError } from "@mintmark/errors";
import { requireText } from "../fields.ts";

export type Keyed = "metric" | "param" | "tag";

const maxKey = 250;

/** @throws AppError REQUEST_INVALID that names the key */
export function requireKey(what: Keyed, key: string): string {
  if (key === "") throw invalid(what, "must not be empty");
  requireText(`key of ${what} ${key.slice(0, 50)}`, key, maxKey);
  if (!/^[\p{L}\p{N}_/.\- :]*$/u.test(key))
    throw invalid(what, `may have letters, digits, '_', '-', '.', ' ', ':' and '/', got ${JSON.stringify(key)}`);
  const normal = normalPath(key);
  if (normal !== key || key === "." || key.startsWith("..") || key.startsWith("/"))
    throw invalid(
      what,
      `must be a path in its normal form, got ${JSON.stringify(key)}${normal === key ? "" : `, which is ${normal}`}`,
    );
  return key;
}

/** As `requireKey` for each of them, with the length of the values. @throws AppError REQUEST_INVALID */
export function requireKeyed<T extends Readonly<Record<string, string>>>(what: Keyed, entries: T, maxValue: number): T {
  for (const [key, value] of Object.entries(entries)) {
    requireKey(what, key);
    requireText(`value of ${what} ${key}`, value, maxValue);
  }
  return entries;
}

function normalPath(key: string): string {
  const normal = posix.normalize(key);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}

function invalid(what: Keyed, problem: string): AppError {
  return new AppError("REQUEST_INVALID", { field: `${what} key`, problem });
}
