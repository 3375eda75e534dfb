/**
 * Lists that come page by page, read up to a limit.
 * @module
 */

interface Page<T> {
  readonly items: readonly T[];
  readonly nextPageToken: string;
}

const largestPage = 1000;

/** The first `limit` items of a list. */
export async function pages<T>(
  limit: number,
  read: (page: { pageSize: number; pageToken: string }) => Promise<Page<T>>,
): Promise<T[]> {
  const all: T[] = [];
  let pageToken = "";
  do {
    const page = await read({ pageSize: Math.min(limit - all.length, largestPage), pageToken });
    all.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && all.length < limit);
  return all;
}
