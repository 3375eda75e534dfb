/**
 * Statements that Postgres plans once a connection instead of every time. Planning is the greater part of what a look-up by key
 * costs; a search is planned for its arguments and is better off without.
 * @module
 */
import { createHash } from "node:crypto";
import { type PostgresPool, type PostgresPoolClient, sql } from "kysely";
import type pg from "pg";

const mark = "/* prepared */";

/** To be put into a statement whose text is always the same, whatever its arguments: every text is kept. */
export const prepared = sql.raw(mark);

/** The same pool; a statement that bears the mark is sent under a name. */
export function preparing(pool: pg.Pool): PostgresPool {
  const names = new Map<string, string>();
  const nameOf = (text: string) => {
    let name = names.get(text);
    if (name === undefined) {
      name = createHash("sha256").update(text).digest("hex").slice(0, 32);
      names.set(text, name);
    }
    return name;
  };
  const clients = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  return {
    connect: async () => {
      const client = await pool.connect();
      let own = clients.get(client);
      if (own === undefined) {
        own = namingClient(client, nameOf);
        clients.set(client, own);
      }
      return own;
    },
    end: () => pool.end(),
  };
}

function namingClient(client: pg.PoolClient, nameOf: (text: string) => string): PostgresPoolClient {
  const query = (text: string, values: unknown[]) =>
    text.includes(mark) ? client.query({ name: nameOf(text), text, values }) : client.query(text, values);
  // The other form of `query`, for cursors, is not used here.
  return { query: query as unknown as PostgresPoolClient["query"], release: () => client.release() };
}
