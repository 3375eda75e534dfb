/**
 * Pages of a list: by key, never by offset, so that page 1000 costs what page 1 costs and nothing is skipped or repeated when
 * rows come and go.
 * @module
 */
import { AppError } from "@mintmark/errors";

export const maxPageSize = 1000;
const defaultPageSize = 100;

/**
 * @param usual the size where none is asked for
 * @throws AppError `REQUEST_INVALID` if more is asked for than there is in one page
 */
export function pageSize(requested: number, { most = maxPageSize, usual = defaultPageSize } = {}): number {
  if (requested > most)
    throw new AppError("REQUEST_INVALID", { field: "page_size", problem: `must be at most ${most}, got ${requested}` });
  return requested === 0 ? usual : requested;
}

/** Names the row after which the next page begins. Callers pass it back and read nothing in it. */
export function pageToken(list: string, key: readonly string[]): string {
  return Buffer.from(JSON.stringify([list, ...key])).toString("base64url");
}

/**
 * The key in a token that the same list gave; `undefined` for the first page.
 * @param length of the key; not looked at if undefined
 * @throws AppError `PAGE_TOKEN_INVALID`
 */
export function readPageToken(list: string, length: number | undefined, token: string): readonly string[] | undefined {
  if (token === "") return undefined;
  const [name, ...key] = parseToken(token);
  if (name !== list || key.length !== (length ?? key.length)) throw new AppError("PAGE_TOKEN_INVALID", {});
  return key;
}

/** As {@link readPageToken} for a list whose key is one whole number. */
export function readNumberToken(list: string, token: string): bigint | undefined {
  const [number] = readPageToken(list, 1, token) ?? [];
  if (number === undefined) return undefined;
  if (!/^\d{1,18}$/.test(number)) throw new AppError("PAGE_TOKEN_INVALID", {});
  return BigInt(number);
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
  try {
    const value: unknown = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
    if (Array.isArray(value) && value.every((part) => typeof part === "string" && !part.includes("\0"))) return value;
  } catch {
    // Not JSON: not ours, as below.
  }
  throw new AppError("PAGE_TOKEN_INVALID", {});
}
