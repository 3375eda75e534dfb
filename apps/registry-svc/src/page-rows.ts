/**
 * The rows of a page, found by their keys: read in slices, so that the page ends early where it weighs enough for one answer.
 * @module
 */
import { type RawBuilder, sql } from "kysely";

/** A row with its number in the query that it was read by. */
export interface Placed {
  readonly place: bigint;
}

/** Which rows a page has, if they do not weigh too much. */
export interface FoundPage<Found extends { readonly pk: bigint }> {
  readonly table: string;
  /** The column of the keys. */
  readonly primaryKey: string;
  /** In order; one more than the page has, if there is a next page. */
  readonly found: readonly Found[];
  readonly size: number;
  readonly tokenOf: (last: Found) => string;
}

export interface Page<Row> {
  /** Fewer than asked for where they weigh enough for one answer. */
  readonly rows: readonly Row[];
  /** The token of the next page; empty if this is the last. */
  readonly next: string;
}

/** Far from the 64 MB that all calls on one connection share, and from the 128 MiB of a message. */
export const maxPageBytes = 16 * 1024 * 1024;

/** As many as most pages have. */
const firstSlice = 100;

/**
 * One row at least, if there is any.
 * @param read reads what is to be known of the rows of a query, in the order of their `place`
 * @param weigh about how many bytes a row takes in the answer
 */
export async function readPage<Found extends { readonly pk: bigint }, Row extends Placed>(
  { table, primaryKey, found, size: most, tokenOf }: FoundPage<Found>,
  read: (rows: RawBuilder<unknown>) => Promise<readonly Row[]>,
  weigh: (row: Row) => number = weightOf,
): Promise<Page<Row>> {
  const keys = found.slice(0, most).map(({ pk }) => pk);
  /** @param done how many of the keys are dealt with */
  const pageOf = (done: number) => ({ rows, next: done < found.length ? tokenOf(found[done - 1]!) : "" });
  const rows: Row[] = [];
  let at = 0;
  let weight = 0;
  for (let size = firstSlice; at < keys.length && weight < maxPageBytes; ) {
    const slice = await read(sql`
      select r.*, found.place from unnest(${keys.slice(at, at + size)}::int8[]) with ordinality as found (pk, place)
      join ${sql.table(table)} r on ${sql.ref(`r.${primaryKey}`)} = found.pk`);
    const before = weight;
    for (const row of slice) {
      weight += weigh(row);
      if (weight > maxPageBytes && rows.length > 0) return pageOf(at + Number(row.place) - 1);
      rows.push(row);
    }
    at += size;
    // As many as fit if they are like those of this slice; what was deleted meanwhile is not there.
    const fitting = slice.length === 0 ? size : ((maxPageBytes - weight) * slice.length) / (weight - before);
    size = Math.max(1, Math.min(10 * size, Math.floor(fitting)));
  }
  return pageOf(Math.min(at, keys.length));
}

/** Names of fields count as well: so they do in JSON. */
export function weightOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 8;
  if (ArrayBuffer.isView(value)) return value.byteLength;
  let weight = 8;
  for (const [name, part] of Object.entries(value)) weight += name.length + weightOf(part);
  return weight;
}
