import { readFileSync } from "node:fs";
import { testDatabase } from "@mintmark/testing/postgres";
import { expect, it } from "vitest";
import { migrate } from "./migrate.ts";

it("describes every table and column of the migrated database, and no others", async () => {
  const { url, pool, drop } = await testDatabase();
  await migrate(url);
  const { rows } = await pool.query<{ table_name: string; column_name: string }>(
    "select table_name, column_name from information_schema.columns where table_schema = 'mintmark' and table_name <> 'migration'",
  );
  const real = rows.map(({ table_name, column_name }) => `${table_name}.${column_name}`).sort();
  expect(described()).toEqual(real);
  await drop();
});

/** `table.column` of each interface that `Schema` names, read from the source: types do not exist at run time. */
function described(): string[] {
  const source = readFileSync(new URL("./schema.ts", import.meta.url), "utf8");
  const bodies = new Map(
    [...source.matchAll(/interface (\w+)(?: extends \w+)? \{\n([^}]*)\}/g)].map((match) => [match[1], match[2] ?? ""]),
  );
  const tables = [...(bodies.get("Schema") ?? "").matchAll(/readonly (\w+): (\w+);/g)];
  return tables
    .flatMap(([, table, type]) =>
      [...(bodies.get(type) ?? "").matchAll(/^ {2}(\w+):/gm)].map((m) => `${table}.${m[1]}`),
    )
    .sort();
}
