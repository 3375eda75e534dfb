/**
 * The queue in the registry's own Postgres: a schema beside the registry's, and a role that can use nothing else.
 * @module
 */
import { AppError } from "@mintmark/errors";
import bullmqPackage from "bullmq/package.json" with { type: "json" };
import pg from "pg";
import { backendOf, queueSchema } from "./backend.ts";
import { queueRole, queueUrlIn } from "./queue-url.ts";

/**
 * Makes the queue ready to be opened and returns the URL to open it with. Safe to repeat, and from several programs at once.
 * - `queueUrl` of Redis: nothing to do.
 * - `queueUrl` of a Postgres: the tables are made there by its account; if that account is the queue's role, by that of `databaseUrl`.
 * - no `queueUrl`: role and tables are made in `databaseUrl`, whose account then takes the role on.
 * @throws AppError QUEUE_ROLE_REFUSED if the account of `databaseUrl` may not create the role, QUEUE_URL_INVALID
 */
export async function prepareQueue(databaseUrl: string, queueUrl?: string): Promise<string> {
  if (queueUrl === undefined) {
    await prepareWithRole(databaseUrl);
    return queueUrlIn(databaseUrl);
  }
  if (backendOf(queueUrl).kind === "redis") return queueUrl;
  if (decodeURIComponent(new URL(queueUrl).username) === queueRole) await prepareWithRole(databaseUrl);
  else await withClient(queueUrl, migrate);
  return queueUrl;
}

const insufficientPrivilege = "42501";

async function prepareWithRole(databaseUrl: string): Promise<void> {
  await withClient(databaseUrl, async (client) => {
    // Grants of the same thing at the same time fail each other.
    await client.query("select pg_advisory_lock(hashtext($1))", [queueRole]);
    await provideRole(client);
    await migrate(client);
    await client.query(grants);
  });
}

/**
 * Brings the tables to this BullMQ's form, and notes that on the schema: at the next start one question answers for the loading
 * of BullMQ.
 */
async function migrate(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ made_by: string | null }>(
    "select obj_description(to_regnamespace($1), 'pg_namespace') made_by",
    [queueSchema],
  );
  if (rows[0]?.made_by === bullmq) return;
  const { runMigrations } = await import("bullmq");
  await runMigrations(client, queueSchema);
  await client.query(`comment on schema ${queueSchema} is '${bullmq}'`);
}

/** As in `bullmq 6.7.0`. */
const bullmq = `bullmq ${bullmqPackage.version}`;

/** CREATE, because the backend makes a sequence for each new queue. What later migrations add is granted at the next start. */
const grants = `
  grant usage, create on schema ${queueSchema} to ${queueRole};
  grant all on all tables in schema ${queueSchema} to ${queueRole};
  grant all on all sequences in schema ${queueSchema} to ${queueRole};
  grant all on all routines in schema ${queueSchema} to ${queueRole};`;

/** Roles belong to the whole server: another database's start may create it at this very moment. */
async function provideRole(client: pg.Client): Promise<void> {
  try {
    await client.query(
      `do $$ begin
         if not exists (select from pg_roles where rolname = '${queueRole}') then create role ${queueRole} nologin; end if;
         if not pg_has_role(current_user, '${queueRole}', 'SET') then grant ${queueRole} to current_user; end if;
       exception when duplicate_object or unique_violation then null;
       end $$`,
    );
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== insufficientPrivilege) throw cause;
    const { rows } = await client.query<{ current_user: string }>("select current_user");
    throw new AppError("QUEUE_ROLE_REFUSED", { account: rows[0]?.current_user ?? "" }, { cause });
  }
}

async function withClient(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}
