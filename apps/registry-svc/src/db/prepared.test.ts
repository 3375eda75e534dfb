import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type RegistryDatabase, registryDatabase } from "../testing/database.ts";
import { prepared } from "./prepared.ts";

let database: RegistryDatabase;
beforeAll(async () => {
  database = await registryDatabase();
});
afterAll(() => database.close());

it("a marked statement is planned once a connection, others every time, and both give their rows", async () => {
  await database.db.connection().execute(async (db) => {
    for (const n of [1, 2, 3]) {
      expect((await sql`${prepared} select ${n}::int + 1 as sum`.execute(db)).rows).toEqual([{ sum: n + 1 }]);
      expect((await sql`select ${n}::int + 2 as sum`.execute(db)).rows).toEqual([{ sum: n + 2 }]);
    }
    const { rows } = await sql<{ statement: string; plans: bigint }>`
      select statement, generic_plans + custom_plans as plans from pg_prepared_statements`.execute(db);
    expect(rows).toEqual([{ statement: expect.stringContaining("+ 1 as sum"), plans: 3n }]);
  });
});

it("a marked statement that fails says why, and works the next time", async () => {
  await database.db.connection().execute(async (db) => {
    const divide = (by: number) => sql`${prepared} select 6 / ${by}::int as quotient`.execute(db);
    await expect(divide(0)).rejects.toThrow("division by zero");
    expect((await divide(2)).rows).toEqual([{ quotient: 3 }]);
  });
});
