/**
 * Pages of a list: by key, never by offset, so that page 1000 costs what page 1 costs and nothing is skipped or repeated when
 * rows come and go.
 * @module
 */
import { createHash } from "node:crypto";
import { AppError } from "@mintmark/errors";
import { beginningOf, invalid } from "./fields.ts";

export const maxPageSize = 1000;
const maxToken = 1_000_000;
const defaultPageSize = 100;

/**
 * @param usual the size where none is asked for
 * @throws AppError `REQUEST_INVALID` if more is asked for than there is in one page
 */
export function pageSize(requested: number, { most = maxPageSize, usual = defaultPageSize } = {}): number {
  if (requested > most) throw invalid("page_size", `must be at most ${most}, got ${requested}`);
  return requested === 0 ? usual : requested;
}

/**
 * Names the row after which the next page begins. Callers pass it back and read nothing in it.
 * @param asked what the list was asked for, if its tokens go with that alone
 */
export function pageToken(list: string, key: readonly string[], asked?: unknown): string {
  return Buffer.from(JSON.stringify([list, ...key, seal(list, key, asked)])).toString("base64url");
}

/**
 * The key in a token that the same list gave; `undefined` for the first page.
 * @throws AppError `PAGE_TOKEN_INVALID`
 */
export function readPageToken(list: string, token: string, asked?: unknown): readonly string[] | undefined {
  if (token === "") return undefined;
  const [name, ...key] = parseToken(token);
  if (name !== list || key.pop() !== seal(list, key, asked)) throw badToken(token);
  return key;
}

/** @throws nothing; the error is returned */
export function badToken(token: string): AppError {
  return new AppError("PAGE_TOKEN_INVALID", { token: beginningOf(token, 200) });
}

/** As {@link readPageToken} for a list whose key is one whole number. */
export function readNumberToken(list: string, token: string): bigint | undefined {
  const [number] = readPageToken(list, token) ?? [];
  return number === undefined ? undefined : BigInt(number);
}

/** Splits what was read with one row more than the page holds: that row says whether there is a next page. */
export function cutPage<T>(
  rows: readonly T[],
  size: number,
  tokenOf: (last: T) => string,
): { page: readonly T[]; next: string } {
  const page = rows.slice(0, size);
  const last = page.at(-1);
  return { page, next: rows.length > size && last !== undefined ? tokenOf(last) : "" };
}

function parseToken(token: string): string[] {
  // Those of ours hold a few keys; a long one would be read for nothing.
  if (token.length > maxToken) throw badToken(token);
  try {
    const value: unknown = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
    if (Array.isArray(value) && value.every((part) => typeof part === "string")) return value;
  } catch {
    // Not JSON: not ours, as below.
  }
  throw badToken(token);
}

/** No secret: it tells a token that was cut, changed or given by another list, none of which should reach a statement. */
function seal(list: string, key: readonly string[], asked: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify([list, asked, key]))
    .digest("base64url")
    .slice(0, 16);
}
