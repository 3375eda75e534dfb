import { testDatabase } from "@mintmark/testing/postgres";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { connectDatabase } from "./connect.ts";
import { appRole, type Migration, migrate, requireUsable, thisRelease } from "./migrate.ts";

const { migrations: all, privileges } = thisRelease;
const release = (migrations: readonly Migration[]) => ({ migrations, privileges });

describe("migrate", () => {
  it("applies each migration once, also when 20 start at the same time", async () => {
    const { url, pool, drop } = await testDatabase();
    const runs = await Promise.all(Array.from({ length: 20 }, () => migrate(url)));
    expect(runs.flatMap(({ applied }) => applied)).toEqual(all.map(({ number }) => number));
    const ledger = await pool.query("select number from mintmark.migration order by number");
    expect(ledger.rows.map(({ number }) => number)).toEqual(all.map(({ number }) => number));
    await drop();
  });

  it("goes on from where an older release stopped", async () => {
    const { url, drop } = await testDatabase();
    await migrate(url, { migrations: all.slice(0, 1), privileges: "" });
    expect((await migrate(url)).applied).toEqual(all.slice(1).map(({ number }) => number));
    await drop();
  });

  it("refuses a database that is newer than the program", async () => {
    const { url, drop } = await testDatabase();
    await migrate(url, release([...all, step(all.length + 1, "select 1")]));
    await expect(migrate(url)).rejects.toMatchObject({ reason: "SCHEMA_NEWER" });
    await drop();
  });

  it("refuses a migration that was changed after it was applied", async () => {
    const { url, drop } = await testDatabase();
    await migrate(url);
    const changed = all.map((one) => (one.number === 1 ? { ...one, checksum: "other" } : one));
    await expect(migrate(url, release(changed))).rejects.toMatchObject({ reason: "MIGRATION_CHANGED" });
    await drop();
  });

  it("refuses a server older than PostgreSQL 17, and names both versions", () => {
    const facts = { encoding: "UTF8", database: "mintmark" };
    expect(() => requireUsable({ ...facts, number: 160_009, version: "16.9 (Debian 16.9-1)" })).toThrow(
      expect.objectContaining({
        reason: "POSTGRES_TOO_OLD",
        message: "the database is PostgreSQL 16.9 (Debian 16.9-1); Mintmark needs PostgreSQL 17 or later",
      }),
    );
    expect(() => requireUsable({ ...facts, number: 170_000, version: "17.0" })).not.toThrow();
  });

  it("refuses a database of another encoding before it changes anything, and says how to create one", async () => {
    const { url, pool, drop } = await testDatabase();
    const name = `latin_${process.pid}`;
    await pool.query(`create database ${name} template template0 encoding 'LATIN1' locale_provider libc locale 'C'`);
    const latin = new URL(url);
    latin.pathname = name;
    await expect(migrate(latin.href)).rejects.toMatchObject({
      reason: "DATABASE_NOT_UTF8",
      message: expect.stringMatching(/LATIN1.*encoding 'UTF8'/),
    });
    await pool.query(`drop database ${name}`);
    await drop();
  });

  it("leaves nothing of a migration that fails", async () => {
    const { url, pool, drop } = await testDatabase();
    const broken = step(all.length + 1, "create table mintmark.half (a int); select 1/0");
    await expect(migrate(url, release([...all, broken]))).rejects.toMatchObject({ code: "22012" });
    expect((await pool.query("select to_regclass('mintmark.half') as half")).rows).toEqual([{ half: null }]);
    expect((await migrate(url)).applied).toEqual([]);
    await drop();
  });

  it("works for an account that may not create roles, and says that there is no role to take on", async () => {
    const { url, pool, drop } = await testDatabase();
    const owner = `plain_${process.pid}`;
    const name = new URL(url).pathname.slice(1);
    await pool.query(`create role ${owner} login; alter database ${name} owner to ${owner}`);
    const plainUrl = url.replace("postgres@", `${owner}@`);
    const { role, applied } = await migrate(plainUrl);
    expect(applied).toHaveLength(all.length);
    expect(role).toBeUndefined();
    const { db, close } = connectDatabase({ url: plainUrl, role, onIdleError: () => {} });
    expect(await db.selectFrom("event_head").select("number").execute()).toEqual([{ number: 0n }]);
    await close();
    await drop();
  });

  it("gives the service a role that cannot touch the ledger", async () => {
    const { url, drop } = await testDatabase();
    const { role } = await migrate(url);
    expect(role).toBe(appRole);
    const client = new pg.Client({ connectionString: url, options: `-c role=${appRole} -c search_path=mintmark` });
    await client.connect();
    await expect(client.query("delete from migration")).rejects.toMatchObject({ code: "42501" });
    await client.end();
    await drop();
  });
});

function step(number: number, sql: string): Migration {
  return { number, name: `${number}_step.sql`, sql, checksum: sql };
}
