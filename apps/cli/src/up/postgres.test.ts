import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { umask } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { postgresBinaries } from "@mintmark/local-postgres/binaries";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DataDir, dataDir, lockDataDir, prepareDataDir } from "./data-dir.ts";
import { openLog } from "./log.ts";
import { withDatabase, withOwnDatabase } from "./offline.ts";
import type { PostgresAccess } from "./postgres.ts";
import { ProcessIds } from "./process-id.ts";
import { Stack, startPostgres } from "./stack.ts";

let dir: DataDir;
const signal = new AbortController().signal;
beforeEach(() => {
  dir = dataDir(join(mkdtempSync(join(tmpdir(), "mintmark-up-")), "data"));
});
afterEach(() => rmSync(join(dir.root, ".."), { recursive: true, force: true }));

async function query<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe("the embedded Postgres", () => {
  it("keeps what was written, under roles that are kept apart", async () => {
    await withOwnDatabase(dir, signal, async ({ databaseUrl, queueUrl }) => {
      await query(databaseUrl, "create schema mintmark; create table mintmark.kept as select 'é' as letter");
      await expect(query(queueUrl, "table mintmark.kept")).rejects.toThrow("permission denied");
    });
    await withOwnDatabase(dir, signal, async ({ databaseUrl }) => {
      expect(await query(databaseUrl, "table mintmark.kept")).toEqual([{ letter: "é" }]);
      expect(
        await query(
          databaseUrl,
          "select datcollate, datlocprovider, datlocale from pg_database where datname = 'mintmark'",
        ),
      ).toEqual([{ datcollate: "C", datlocprovider: "b", datlocale: "C.UTF-8" }]);
    });
  });

  it("lets its owner make roles and take them on, as migrations do", async () => {
    await withOwnDatabase(dir, signal, async ({ databaseUrl }) => {
      await query(databaseUrl, "create role sample; set role sample");
      expect(await query(databaseUrl, "select rolsuper from pg_roles where rolname = current_user")).toEqual([
        { rolsuper: false },
      ]);
    });
  });

  it("is closed to whoever has no password, and keeps its own from others", async () => {
    await withOwnDatabase(dir, signal, async ({ superuserUrl }) => {
      const url = new URL(superuserUrl);
      url.password = "guessed";
      await expect(query(url.href, "select 1")).rejects.toThrow("password authentication failed");
    });
    expect(statSync(dir.passwordFile).mode & 0o777).toBe(0o600);
  });

  it("is lent to a second user while it runs", async () => {
    await withOwnDatabase(dir, signal, async (first: PostgresAccess) => {
      // The lock is the process's own, so another one has to ask.
      const script = `
        import { withDatabase } from ${JSON.stringify(new URL("./offline.ts", import.meta.url).href)};
        import { dataDir } from ${JSON.stringify(new URL("./data-dir.ts", import.meta.url).href)};
        await withDatabase(dataDir(${JSON.stringify(dir.root)}), new AbortController().signal, async (a) => console.log(a.databaseUrl));`;
      const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [line] = await once(child.stdout, "data");
      expect(String(line).trim()).toBe(first.databaseUrl);
    });
  });

  it.runIf(process.getuid?.() === 0)("runs below a folder that only root may enter, and opens nothing", async () => {
    const closed = join(dir.root, "..");
    const installed = await postgresBinaries();
    const native = join(dirname(installed.postgres), "..");
    // As a checkout is that was made with a umask of 077.
    execFileSync("cp", ["-r", native, join(closed, "native")]);
    execFileSync("chmod", ["-R", "u=rwX,go=", closed]);
    const at = (program: string) => join(closed, "native", "bin", program);
    const before = umask(0o077);
    const stack = new Stack(
      openLog(dir.logs, false, () => {}),
      new ProcessIds(dir.run),
      signal,
    );
    try {
      prepareDataDir(dir);
      const binaries = { ...installed, initdb: at("initdb"), postgres: at("postgres") };
      const { databaseUrl } = await startPostgres(dir, stack, binaries);
      expect(await query(databaseUrl, "select 1 as one")).toEqual([{ one: 1 }]);
      expect(statSync(closed).mode & 0o077).toBe(0);
      for (const program of ["initdb", "postgres"]) expect(statSync(at(program)).mode & 0o077).toBe(0);
    } finally {
      umask(before);
      await stack.stop();
    }
  });

  it("says so where there is no data", async () => {
    await expect(withDatabase(dir, signal, async () => {})).rejects.toMatchObject({ reason: "DATA_DIR_NOT_STARTED" });
  });

  it("refuses a cluster of another major version, naming backup and restore", async () => {
    await withOwnDatabase(dir, signal, async () => {});
    writeFileSync(join(dir.postgres, "PG_VERSION"), "12\n");
    await expect(withOwnDatabase(dir, signal, async () => {})).rejects.toThrow(/PostgreSQL 12.*18.*backup.*restore/);
  });

  it("ends by itself when its supervisor is killed, and starts again with everything", async () => {
    const script = `
      import { withOwnDatabase } from ${JSON.stringify(new URL("./offline.ts", import.meta.url).href)};
      import { dataDir } from ${JSON.stringify(new URL("./data-dir.ts", import.meta.url).href)};
      await withOwnDatabase(dataDir(${JSON.stringify(dir.root)}), new AbortController().signal, async (access) => {
        console.log(access.databaseUrl);
        await new Promise((done) => setTimeout(done, 60_000));
      });`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const url = String((await once(child.stdout, "data"))[0]).trim();
    await query(url, "create table public_kept as select 1 as one").catch(() =>
      query(url, "create schema s; create table s.kept as select 1 as one"),
    );
    const postmaster = Number(readFileSync(join(dir.run, "postgres.pid"), "utf8"));
    child.kill("SIGKILL");
    for (let i = 0; i < 200 && existsSync(`/proc/${postmaster}`); i++) await sleep(25);
    expect(existsSync(`/proc/${postmaster}`)).toBe(false);
    await withOwnDatabase(dir, signal, async ({ databaseUrl }) => {
      expect((await query(databaseUrl, "select 1 from pg_tables where tablename like '%kept'")).length).toBe(1);
    });
  });
});

describe("the lock of a data directory", () => {
  it("is refused to a second process, with the first one's id", async () => {
    prepareDataDir(dir);
    const lock = lockDataDir(dir);
    const script = `
      import { dataDir, lockDataDir } from ${JSON.stringify(new URL("./data-dir.ts", import.meta.url).href)};
      try { lockDataDir(dataDir(${JSON.stringify(dir.root)})); } catch (error) { console.log(error.message); }`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    expect(String((await once(child.stdout, "data"))[0])).toContain(`another 'mintmark up' (process ${process.pid})`);
    lock.release();
    lockDataDir(dir).release();
  });

  it("names the directory that cannot be made", () => {
    writeFileSync(join(dir.root, "..", "file"), "");
    expect(() => prepareDataDir(dataDir(join(dir.root, "..", "file", "data")))).toThrow(
      /a file is in its way; see --data-dir/,
    );
  });
});
