import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { expect, it } from "vitest";
import { testDatabase } from "./postgres.ts";

it("gives each caller a database of its own", async () => {
  const [one, two] = await Promise.all([testDatabase(), testDatabase()]);
  await one.pool.query("create table t (a int)");
  await expect(two.pool.query("select * from t")).rejects.toMatchObject({ code: "42P01" });
  await Promise.all([one.drop(), two.drop()]);
});

it("prepares a template once and copies it", async () => {
  let prepared = 0;
  const template = {
    name: "once",
    prepare: async (url: string) => {
      prepared += 1;
      const client = new pg.Client(url);
      await client.connect();
      await client.query("create table t as select 7 as a");
      await client.end();
    },
  };
  const [one, two] = await Promise.all([testDatabase(template), testDatabase(template)]);
  for (const { pool } of [one, two]) expect((await pool.query("select a from t")).rows).toEqual([{ a: 7 }]);
  expect(prepared).toBe(1);
  await Promise.all([one.drop(), two.drop()]);
});

it("ends the server when the process is killed", async () => {
  const script = `import { testDatabase } from "${new URL("./postgres.ts", import.meta.url).href}";
    console.log((await testDatabase()).url); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await new Promise<string>((resolve) =>
    child.stdout.once("data", (line: Buffer) => resolve(String(line).trim())),
  );
  expect(await answers(url)).toBe(true);
  child.kill("SIGKILL");
  for (let i = 0; i < 100 && (await answers(url)); i++) await sleep(50);
  expect(await answers(url)).toBe(false);
});

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client(url);
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
