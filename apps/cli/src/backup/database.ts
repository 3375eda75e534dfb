/**
 * The registry's schema as data: its tables, in what state its counters are, and which migrations made it.
 * @module
 */
import type pg from "pg";

export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
}

export interface TableColumns {
  readonly table: string;
  readonly columns: readonly string[];
}

export interface Sequence {
  readonly name: string;
  /** As text: it may be larger than a number holds. */
  readonly value: string;
  readonly called: boolean;
}

/** What was applied, in order. */
export async function readLedger(client: pg.Client): Promise<Migration[]> {
  const { rows } = await client.query<Migration>(
    "select number, name, checksum from mintmark.migration order by number",
  );
  return rows;
}

/** Every table but the ledger, with the columns that are stored. */
export async function listTables(client: pg.Client): Promise<TableColumns[]> {
  const { rows } = await client.query<TableColumns>(`
    select c.relname as table, array_agg(a.attname::text order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'mintmark'::regnamespace and c.relkind = 'r' and c.relname <> 'migration'
      and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    group by c.relname order by c.relname`);
  return rows;
}

export async function readSequences(client: pg.Client): Promise<Sequence[]> {
  const { rows } = await client.query<{ name: string }>(`
    select relname as name from pg_class where relnamespace = 'mintmark'::regnamespace and relkind = 'S' order by relname`);
  const states: Sequence[] = [];
  for (const { name } of rows) {
    const state = await client.query<{ value: string; called: boolean }>(
      `select last_value::text as value, is_called as called from ${quoted(name)}`,
    );
    states.push({ name, ...state.rows[0]! });
  }
  return states;
}

export function copyOutSql({ table, columns }: TableColumns): string {
  return `copy ${quoted(table)} (${columns.map(identifier).join(", ")}) to stdout`;
}

export function copyInSql({ table, columns }: TableColumns): string {
  return `copy ${quoted(table)} (${columns.map(identifier).join(", ")}) from stdin`;
}

/** The table in the registry's schema. */
export function quoted(table: string): string {
  return `mintmark.${identifier(table)}`;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
