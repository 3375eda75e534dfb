/**
 * Brings a database to the schema of this program: numbered SQL files, forward only, each applied once.
 *
 * A ledger keeps number, name and checksum of what was applied; a file that was changed afterwards, or a database that is
 * newer than the program, is refused. Programs that start at the same time wait for each other by an advisory lock. Each file is
 * one transaction with its ledger entry, so a migration that fails or is killed leaves nothing behind.
 * @module
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { AppError } from "@mintmark/errors";
import pg from "pg";

/** The role that the service takes on: it may not change what is immutable. The migrations' owner may. */
export const appRole = "mintmark_app";

export interface Migrated {
  /** The numbers that were applied now. */
  readonly applied: readonly number[];
  /** The role to connect as; absent where the account may not create roles, and then only triggers protect the history. */
  readonly role: string | undefined;
}

/** What a release brings along. */
export interface Release {
  readonly migrations: readonly Migration[];
  /** SQL that says what the service's role may do once all of them are applied. */
  readonly privileges: string;
}

export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** The files beside this one. */
export const thisRelease: Release = {
  migrations: readMigrations(new URL("./migrations/", import.meta.url)),
  privileges: readFileSync(new URL("./privileges.sql", import.meta.url), "utf8"),
};

/**
 * Applies what is missing.
 * @throws AppError `POSTGRES_TOO_OLD`, `DATABASE_NOT_UTF8`, `SCHEMA_NEWER`, `MIGRATION_CHANGED`
 */
export async function migrate(url: string, { migrations, privileges }: Release = thisRelease): Promise<Migrated> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  // A connection that is cut fails the query under way; without a listener it would end the process as well.
  client.on("error", () => {});
  await client.connect();
  try {
    requireUsable(await readFacts(client));
    await client.query("select pg_advisory_lock($1)", [lockKey]);
    const applied = await applyMissing(client, migrations);
    const role = await provideRole(client);
    if (role !== undefined) await inTransaction(client, () => client.query(privileges));
    return { applied, role };
  } finally {
    await client.end().catch(() => {});
  }
}

export interface ServerFacts {
  /** `170002` for 17.2. */
  readonly number: number;
  readonly version: string;
  readonly encoding: string;
  readonly database: string;
}

/** @throws AppError `POSTGRES_TOO_OLD`, `DATABASE_NOT_UTF8` */
export function requireUsable({ number, version, encoding, database }: ServerFacts): void {
  if (number < oldestMajor * 10_000) throw new AppError("POSTGRES_TOO_OLD", { found: version, needed: oldestMajor });
  if (encoding !== "UTF8") throw new AppError("DATABASE_NOT_UTF8", { database, encoding });
}

/** The first with the collation of all names, `pg_c_utf8`, which exists only in databases of that encoding. */
const oldestMajor = 17;

/** "mintmark" on a telephone keypad: any constant that no other program on the database uses. */
const lockKey = 64_686_275;
const insufficientPrivilege = "42501";

/** In order; a gap or a number given twice is a mistake of ours. */
function readMigrations(directory: URL): Migration[] {
  const names = readdirSync(directory).filter((name) => name.endsWith(".sql"));
  return names.sort().map((name, index) => {
    const number = Number(name.slice(0, 4));
    if (number !== index + 1) throw new Error(`migration ${name} should have number ${index + 1}`);
    const sql = readFileSync(new URL(name, directory), "utf8");
    return { number, name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
  });
}

async function readFacts(client: pg.Client): Promise<ServerFacts> {
  const { rows } = await client.query<ServerFacts>(`
    select current_setting('server_version_num')::int as number, current_setting('server_version') as version,
      current_setting('server_encoding') as encoding, current_database() as database`);
  return rows[0]!;
}

async function applyMissing(client: pg.Client, migrations: readonly Migration[]): Promise<number[]> {
  await client.query(`create schema if not exists mintmark; set search_path = mintmark, public;
    create table if not exists migration (
      number int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())`);
  const ledger = await client.query<Pick<Migration, "number" | "name" | "checksum">>(
    "select number, name, checksum from migration order by number",
  );
  for (const done of ledger.rows) requireSame(done, migrations);

  const missing = migrations.slice(ledger.rows.length);
  for (const { number, name, sql, checksum } of missing)
    await inTransaction(client, async () => {
      await client.query(sql);
      await client.query("insert into migration (number, name, checksum) values ($1, $2, $3)", [
        number,
        name,
        checksum,
      ]);
    });
  return missing.map(({ number }) => number);
}

function requireSame(done: Pick<Migration, "number" | "name" | "checksum">, migrations: readonly Migration[]): void {
  const known = migrations[done.number - 1];
  if (known === undefined) throw new AppError("SCHEMA_NEWER", { found: done.number, known: migrations.length });
  if (known.checksum !== done.checksum) throw new AppError("MIGRATION_CHANGED", { name: done.name });
}

/** Makes the role if it is missing and the account may, and says whether the account can take it on. */
async function provideRole(client: pg.Client): Promise<string | undefined> {
  // Roles belong to the whole server: another database's migration may create it at this very moment.
  await client
    .query(
      `do $$ begin
         if not exists (select from pg_roles where rolname = '${appRole}') then create role ${appRole} nologin; end if;
         if not pg_has_role(current_user, '${appRole}', 'SET') then grant ${appRole} to current_user; end if;
       exception when duplicate_object or unique_violation then null;
       end $$`,
    )
    .catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== insufficientPrivilege) throw error;
    });
  const usable = await client.query<{ usable: boolean }>(
    "select exists (select from pg_roles where rolname = $1 and pg_has_role(current_user, oid, 'SET')) as usable",
    [appRole],
  );
  return usable.rows[0]?.usable === true ? appRole : undefined;
}

async function inTransaction(client: pg.Client, work: () => Promise<unknown>): Promise<void> {
  await client.query("begin");
  try {
    await work();
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw error;
  }
}
