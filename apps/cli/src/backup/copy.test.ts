import { buffer } from "node:stream/consumers";
import { type TestDatabase, testDatabase } from "@mintmark/testing/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyIn, copyOut } from "./copy.ts";

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await testDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query("create table source (id int primary key, text text, bytes bytea)");
  await client.query("create table target (like source including all)");
});
afterAll(async () => {
  await client?.end();
  await database?.drop();
});

async function* of(...chunks: string[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

describe("copy", () => {
  it("carries every byte of a large table from one to another", async () => {
    await client.query(
      "insert into source select i, repeat(chr(9) || chr(92) || i, 50), decode(lpad(to_hex(i), 8, '0'), 'hex') from generate_series(1, 50000) i",
    );
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    await copyIn(other, "copy target from stdin", copyOut(client, "copy source to stdout"));
    await other.end();
    const { rows } = await client.query(
      "select (select count(*)::int from target) as copied, (select count(*)::int from (table source except table target) t) as lost",
    );
    expect(rows[0]).toEqual({ copied: 50_000, lost: 0 });
  });

  it("leaves the connection usable for the next statement", async () => {
    await buffer(copyOut(client, "copy (select 1) to stdout"));
    expect((await client.query("select 2 as two")).rows).toEqual([{ two: 2 }]);
  });

  it("fails as the statement does", async () => {
    await expect(buffer(copyOut(client, "copy missing to stdout"))).rejects.toThrow(
      'relation "missing" does not exist',
    );
    await expect(copyIn(client, "copy missing from stdin", of("1"))).rejects.toThrow('"missing" does not exist');
    await expect(copyIn(client, "copy target from stdin", of("not a number\n"))).rejects.toThrow(
      "invalid input syntax",
    );
  });

  it("writes nothing if its source fails", async () => {
    await client.query("truncate target");
    const broken = (async function* () {
      yield Buffer.from("1\ta\t\\\\x00\n");
      throw new Error("the disk is gone");
    })();
    await expect(copyIn(client, "copy target from stdin", broken)).rejects.toThrow("the disk is gone");
    expect((await client.query("table target")).rows).toEqual([]);
  });
});
