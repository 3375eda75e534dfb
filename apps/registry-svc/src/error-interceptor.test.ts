import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { reasonOf } from "@mintmark/registry-client";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Db } from "./db/schema.ts";
import { toConnectError } from "./error-interceptor.ts";
import { type RegistryDatabase, registryDatabase } from "./testing/database.ts";

let database: RegistryDatabase;

beforeAll(async () => {
  database = await registryDatabase();
});
afterAll(() => database.close());

describe("what the database refuses", () => {
  it("a statement that took too long would do so again", async () => {
    const error = await failure((db) =>
      db.transaction().execute(async (tx) => {
        await sql`set local statement_timeout = 20`.execute(tx);
        await sql`select pg_sleep(5)`.execute(tx);
      }),
    );
    expect(reasonOf(error)).toBe("STATEMENT_TIMEOUT");
    expect(error.rawMessage).toMatch(/took longer than 60 s over this .* narrow the filter$/);
  });
  it("a text with a NUL character is a mistake of the caller's", async () => {
    expect(reasonOf(await failure((db) => sql`select ${"a\0b"}::text`.execute(db)))).toBe("REQUEST_INVALID");
  });
  it("JSON that is nested too deep is one, too", async () => {
    const deep = "[".repeat(100_000);
    expect(reasonOf(await failure((db) => sql`select ${deep}::text is json`.execute(db)))).toBe("REQUEST_INVALID");
  });
  it("a message that it does not take is our mistake, not an outage", async () => {
    const error = await failure((db) => sql`select where 1 in (${sql.join(Array(65_536).fill(1))})`.execute(db));
    expect([error.cause, error.code]).toEqual([expect.objectContaining({ code: "08P01" }), Code.Internal]);
  });
  it("a connection that is cut is an outage, and ends nothing else: within a statement and between two", async () => {
    const cut = (pid: unknown) => database.owner.pool.query("select pg_terminate_backend($1)", [pid]);
    const cutIn = (work: (tx: Db) => Promise<unknown>) =>
      failure((db) =>
        db.transaction().execute(async (tx) => {
          const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
          const cutting = sleep(100).then(() => cut(rows[0]!.pid));
          await work(tx);
          await cutting;
          await sleep(100);
          await sql`select 1`.execute(tx);
        }),
      );
    expect(reasonOf(await cutIn((tx) => sql`select pg_sleep(5)`.execute(tx)))).toBe("DATABASE_UNAVAILABLE");
    expect(reasonOf(await cutIn(async () => {}))).toBe("DATABASE_UNAVAILABLE");
  });
  it.each(["08006", "53300", "57P01", "57P03"])("SQLSTATE %s means that it is away", (code) => {
    const away = Object.assign(new Error("from the database"), { code });
    expect(reasonOf(toConnectError(away, () => {}))).toBe("DATABASE_UNAVAILABLE");
  });
});

/** What leaves when `work` fails. */
async function failure(work: (db: Db) => Promise<unknown>) {
  const error = await work(database.db).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeDefined();
  return toConnectError(error, () => {});
}
