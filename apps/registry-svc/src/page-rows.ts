/**
 * The rows of a page, found by their keys: read in slices, so that the page ends early where it weighs enough for one answer.
 * @module
 */
import { type RawBuilder, sql } from "kysely";

/** A row with its number in the query that it was read by. */
export interface Placed {
  readonly place: bigint;
}

export interface PageKeys {
  readonly table: string;
  /** The column of the keys. */
  readonly primaryKey: string;
  /** In order. */
  readonly keys: readonly bigint[];
}

export interface PageRows<Row> {
  readonly rows: readonly Row[];
  /** How many of the keys are dealt with: the next page begins after these. */
  readonly done: number;
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
export async function readPageRows<Row extends Placed>(
  { table, primaryKey, keys }: PageKeys,
  read: (rows: RawBuilder<unknown>) => Promise<readonly Row[]>,
  weigh: (row: Row) => number = weightOf,
): Promise<PageRows<Row>> {
  const rows: Row[] = [];
  let at = 0;
  let weight = 0;
  for (let size = firstSlice; at < keys.length && weight < maxPageBytes; ) {
    const slice = sql`select r.*, found.place from unnest(${keys.slice(at, at + size)}::int8[]) with ordinality as found (pk, place)
      join ${sql.table(table)} r on ${sql.ref(`r.${primaryKey}`)} = found.pk`;
    for (const row of await read(slice)) {
      weight += weigh(row);
      if (weight > maxPageBytes && rows.length > 0) return { rows, done: at + Number(row.place) - 1 };
      rows.push(row);
    }
    at += size;
    // As many as fit if all are like those so far.
    const fitting = weight === 0 ? size : Math.floor(((maxPageBytes - weight) * rows.length) / weight);
    size = Math.max(1, Math.min(10 * size, fitting));
  }
  return { rows, done: Math.min(at, keys.length) };
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
