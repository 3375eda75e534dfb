/**
 * One page of a search: which rows, in which order, and where the next page begins.
 *
 * Pages go by the sort keys of the last row, so that page 1000 costs what page 1 costs.
 * @module
 */
import { type RawBuilder, sql } from "kysely";
import { prepared } from "../db/prepared.ts";
import type { Db } from "../db/schema.ts";
import { type Page, type Placed, readPage } from "../page-rows.ts";
import { badToken, pageToken, readPageToken } from "../paging.ts";
import { type Leg, type SortKey, type Sql, unknownKey } from "./fields.ts";
import type { Condition, Sorting } from "./vocabulary.ts";

export interface Search {
  /** Names the list in its tokens. */
  readonly list: string;
  /** What is searched; it is called `r`. */
  readonly table: string;
  /** Whatever the fields need beside it. */
  readonly join?: Sql;
  /** The column of `r` by which rows are found again. */
  readonly primaryKey: string;
  /** What holds besides the filter. */
  readonly where: readonly Sql[];
  /** A column of `r` and the values of it in which to look, each with an ordered scan of its own; in all rows if absent. */
  readonly within?: { readonly column: string; readonly values: readonly number[] };
  readonly conditions: readonly Condition[];
  readonly sortings: readonly Sorting[];
  /** What decides first where no sorting is asked for. */
  readonly usual?: readonly SortKey[];
  /** What decides in the end, as far as it is not sorted by already; the last one is unique. */
  readonly tieBreaks: readonly SortKey[];
  readonly size: number;
  readonly token: string;
  /** Whether it is one of a few shapes that differ in their values only, whose plan serves all of them; planned anew if absent. */
  readonly isPlannedOnce?: boolean;
  /** What the caller asked for: a token of another search is refused. */
  readonly asked: unknown;
}

/**
 * @param read reads what is to be known of the rows of a query, in the order of their `place`
 * @param weigh about how many bytes a row takes in the answer; those of its texts if absent
 * @throws AppError PAGE_TOKEN_INVALID
 */
export async function searchPage<Row extends Placed>(
  db: Db,
  search: Search,
  read: (rows: Sql) => Promise<readonly Row[]>,
  weigh?: (row: Row) => number,
): Promise<Page<Row>> {
  const found = await findRows(db, search);
  return readPage({ ...search, found, tokenOf: (last) => tokenAfter(search, last) }, read, weigh);
}

/** One more than the page has, if there is one. */
async function findRows(db: Db, search: Search): Promise<readonly FoundRow[]> {
  if (search.within?.values.length === 0) return [];
  const start = readToken(search);
  const keyIds = await findKeyIds(db, [...search.conditions, ...search.sortings]);
  const conditions = search.conditions.map(({ filter, ...comparison }) =>
    filter.where({ ...comparison, keyId: keyIds.get(comparison.key) ?? unknownKey }),
  );
  const legs = legsOf(search, keyIds);
  if (start !== undefined && start.after.length !== legs[start.leg]?.keys.length) throw badToken(search.token);

  const rows: FoundRow[] = [];
  for (let at = start?.leg ?? 0; at < legs.length && rows.length <= search.size; at++) {
    const after = at === start?.leg ? start.after : undefined;
    const leg = legs[at]!;
    const found =
      await sql<FoundRow>`${legQuery(search, leg, conditions, after, search.size + 1 - rows.length)}`.execute(db);
    for (const row of found.rows) rows.push({ ...row, leg: at });
  }
  return rows;
}

interface FoundRow {
  readonly pk: bigint;
  /** Its sort keys, each as text or null, as JSON: only those of the last row are read. */
  readonly place: string;
  readonly leg: number;
}

/** Keys keep their numbers for good, so that what was found once holds. */
const knownKeyIds = new WeakMap<Db, Map<string, number>>();
const maxKnownKeys = 10_000;

/** As values, so that the planner knows how common each key is. A key that nothing was ever stored under has none. */
async function findKeyIds(db: Db, users: readonly { key: string }[]): Promise<ReadonlyMap<string, number>> {
  const known = knownKeyIds.get(db) ?? new Map<string, number>();
  knownKeyIds.set(db, known);
  // A map of the call's own: what all share may be emptied by another call while this one waits.
  const found = new Map<string, number>();
  const missing = new Set<string>();
  for (const { key } of users) {
    const keyId = known.get(key);
    if (keyId !== undefined) found.set(key, keyId);
    else if (key !== "") missing.add(key);
  }
  if (missing.size === 0) return found;
  const { rows } = await sql<{ name: string; key_id: number }>`${prepared}
    select name, key_id from key_name where name = any(${[...missing]}::text[])`.execute(db);
  if (known.size + rows.length > maxKnownKeys) known.clear();
  for (const { name, key_id } of rows) {
    known.set(name, key_id);
    found.set(name, key_id);
  }
  return found;
}

/** The first field may have an index that gives the order, leg by leg; the others are sorted. */
function legsOf({ sortings, usual = [], tieBreaks }: Search, keyIds: ReadonlyMap<string, number>): readonly Leg[] {
  const by = sortings.map(({ key, descending }, at) => ({
    descending,
    keyId: keyIds.get(key) ?? unknownKey,
    alias: `o${at}`,
  }));
  const [first, ...others] = sortings.map(({ order }, at) =>
    at === 0 && order.legs !== undefined ? order.legs(by[at]!) : [order.whole(by[at]!)],
  );
  const rest = others.flat();
  const last = sortings.length === 0 ? [...usual, ...tieBreaks] : tieBreaks;
  return (first ?? [{ keys: [] }]).map((leg) => {
    const parts = [leg, ...rest];
    const keys = parts.flatMap((part) => part.keys);
    const wheres = parts.flatMap(({ where }) => (where === undefined ? [] : [where]));
    return {
      join: sql.join(
        parts.flatMap(({ join }) => (join === undefined ? [] : [join])),
        sql` `,
      ),
      ...(wheres.length === 0 ? {} : { where: sql.join(wheres, sql` and `) }),
      keys: [...keys, ...last.filter(({ value }) => !keys.some((key) => key.value === value))],
    };
  });
}

function legQuery(
  search: Search,
  leg: Leg,
  conditions: readonly Sql[],
  after: readonly (string | null)[] | undefined,
  limit: number,
): RawBuilder<FoundRow> {
  const { table, join = sql``, primaryKey, within } = search;
  const names = leg.keys.map((_, at) => sql.ref(`k${at}`));
  const order = sql.join(leg.keys.map(({ descending }, at) => sql`${names[at]} ${descending ? sql`desc` : sql`asc`}`));
  const scan = (scope: readonly Sql[]) => {
    const wheres = [
      ...scope,
      ...search.where,
      ...conditions,
      ...(leg.where === undefined ? [] : [leg.where]),
      ...(after === undefined ? [] : [isAfter(leg.keys, after)]),
    ];
    return sql`
      select ${sql.ref(`r.${primaryKey}`)} as pk, ${sql.join(leg.keys.map(({ value }, at) => sql`${value} as ${names[at]}`))}
      from ${sql.table(table)} r ${join} ${leg.join ?? sql``} where ${sql.join(wheres, sql` and `)} order by ${order} limit ${limit}`;
  };
  const column = within === undefined ? sql`` : sql.ref(`r.${within.column}`);
  const found =
    within === undefined
      ? scan([])
      : within.values.length === 1
        ? scan([sql`${column} = ${within.values[0]}`])
        : sql`select s.* from unnest(${within.values}::int[]) as w (value) cross join lateral (${scan([sql`${column} = w.value`])}) s
            order by ${order} limit ${limit}`;
  return sql`${search.isPlannedOnce === true ? prepared : sql``}
    select pk::int8 as pk, json_build_array(${sql.join(names.map((name) => sql`${name}::text`))})::text as place
    from (${found}) f order by ${order}`;
}

/** That a row comes after one with these keys. Each key by itself bounds a scan of an index that begins with it. */
function isAfter([key, ...keys]: readonly SortKey[], [last, ...lasts]: readonly (string | null)[]): Sql {
  if (key === undefined) return sql`false`;
  // Where the key before it is the same, this one is null as well.
  if (last === null || last === undefined) return isAfter(keys, lasts);
  const value = sql`${last}::${sql.raw(key.type)}`;
  const [beyond, upTo] = key.descending ? [sql`<`, sql`<=`] : [sql`>`, sql`>=`];
  if (keys.length === 0) return sql`${key.value} ${beyond} ${value}`;
  return sql`(${key.value} ${upTo} ${value} and (${key.value} ${beyond} ${value} or ${isAfter(keys, lasts)}))`;
}

// tokens: the leg, then for each key a letter that tells a value from none

function tokenAfter({ list, asked }: Search, { leg, place }: FoundRow): string {
  const keys = JSON.parse(place) as readonly (string | null)[];
  return pageToken(list, [String(leg), ...keys.map((value) => (value === null ? "n" : `v${value}`))], asked);
}

function readToken({ list, asked, token }: Search): { leg: number; after: readonly (string | null)[] } | undefined {
  const [leg, ...after] = readPageToken(list, token, asked) ?? [];
  if (leg === undefined) return undefined;
  return { leg: Number(leg), after: after.map((part) => (part === "n" ? null : part.slice(1))) };
}
