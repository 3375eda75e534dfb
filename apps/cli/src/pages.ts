/**
 * Lists that come page by page, read up to a limit.
 * @module
 */

interface Page {
  readonly pageSize: number;
  readonly pageToken: string;
}

/** What stands in the list that the answer has under `Field`. */
type ItemOf<Answer, Field extends string> = Answer extends { readonly [Key in Field]: readonly (infer Item)[] }
  ? Item
  : never;

const largestPage = 1000;

/**
 * The first `limit` items of a list.
 * @param field of the answer, under which they are
 * @param read asks for one page
 */
export async function pages<Answer extends { readonly nextPageToken: string }, Field extends string>(
  limit: number,
  field: Field,
  read: (page: Page) => Promise<Answer>,
): Promise<ItemOf<Answer, Field>[]> {
  const all: ItemOf<Answer, Field>[] = [];
  let pageToken = "";
  do {
    const answer = await read({ pageSize: Math.min(limit - all.length, largestPage), pageToken });
    all.push(...((answer as Readonly<Record<string, unknown>>)[field] as ItemOf<Answer, Field>[]));
    pageToken = answer.nextPageToken;
  } while (pageToken !== "" && all.length < limit);
  return all;
}
