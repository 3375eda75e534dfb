/**
 * Connections to Postgres: the pool that the services share, and what every connection of this program is set to.
 * @module
 */
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { preparing } from "./prepared.ts";
import type { Db, Schema } from "./schema.ts";

/** How long a statement may take. */
export const statementSeconds = 60;

export interface Database {
  readonly db: Db;
  readonly pool: pg.Pool;
  readonly close: () => Promise<void>;
}

export interface ConnectDatabase {
  readonly url: string;
  /** The role that every connection takes on; the account of the URL itself if absent. */
  readonly role?: string | undefined;
  readonly maxConnections?: number | undefined;
  /** How many tags, or parameters, an object may have; 10,000 if absent. */
  readonly maxEntries?: number | undefined;
  /** Told of connections that are cut while idle; the pool replaces them. */
  readonly onIdleError: (error: Error) => void;
}

/** Opens a pool; nothing is connected before the first query. */
export function connectDatabase({
  url,
  role,
  maxConnections = 10,
  maxEntries,
  onIdleError,
}: ConnectDatabase): Database {
  const pool = new pg.Pool({ ...connectionConfig(url, role, maxEntries), max: maxConnections });
  pool.on("error", onIdleError);
  // The pool listens to idle connections only. One that is cut inside a transaction fails its statement, or the next one; without a
  // listener it would end the process.
  pool.on("connect", (client) => client.on("error", () => {}));
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: preparing(pool) }) });
  return { db, pool, close: () => db.destroy() };
}

/** How a single connection is opened, inside the pool or beside it. */
export function connectionConfig(url: string, role: string | undefined, maxEntries?: number): pg.ClientConfig {
  const settings = {
    ...(role === undefined ? {} : { role }),
    ...(maxEntries === undefined ? {} : { "mintmark.max_entries": String(maxEntries) }),
    search_path: "mintmark",
    statement_timeout: `${statementSeconds}s`,
    idle_in_transaction_session_timeout: "60s",
  };
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  return {
    connectionString: url,
    options: options.join(" "),
    application_name: "mintmark-registry",
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    types: { getTypeParser },
  };
}

const int8 = 20;

/** As pg reads values, except that 64-bit integers become bigints, not strings. */
function getTypeParser(oid: number, format?: "text" | "binary"): (value: string) => unknown {
  return oid === int8 ? BigInt : pg.types.getTypeParser(oid, format);
}
