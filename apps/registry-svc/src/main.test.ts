import { type ChildProcess, fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { connectRegistry } from "@mintmark/registry-client";
import { type TestDatabase, testDatabase } from "@mintmark/testing/postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { thisRelease } from "./db/migrate.ts";
import { writeKeys } from "./testing/registry.ts";

let directory: string;
let database: TestDatabase;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "mintmark-main-"));
  database = await testDatabase();
  await writeKeys(join(directory, "keys"));
  env = {
    PATH: process.env["PATH"],
    DATABASE_URL: database.url,
    MINTMARK_ARTIFACT_STORE: pathToFileURL(join(directory, "store")).href,
    MINTMARK_KEY_DIR: join(directory, "keys"),
  };
});
afterAll(async () => {
  await database.drop();
  await rm(directory, { recursive: true });
});

describe("the registry as a process", () => {
  it("explains itself and its settings", async () => {
    const { code, stdout, stderr } = await start(["--help"]).ended;
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("mintmark registry --database-url");
  });

  it("says when it is ready and where, and ends with 0 on SIGTERM", async () => {
    const registry = start(["--port", "0"]);
    const { port } = await registry.ready;
    const client = connectRegistry({ baseUrl: `http://127.0.0.1:${port}`, httpVersion: "2" });
    await client.models.createModel({ name: "by-process" });
    registry.child.kill("SIGTERM");
    expect(await registry.ended).toMatchObject({ code: 0 });
    client.close();
  });

  it("ends when the process that started it is gone", async () => {
    const registry = start(["--port", "0"]);
    await registry.ready;
    registry.child.disconnect();
    expect(await registry.ended).toMatchObject({ code: 0 });
  });

  it("loses nothing that it acknowledged when it is killed, and goes on", async () => {
    const first = start(["--port", "0"]);
    const client = connectRegistry({ baseUrl: `http://127.0.0.1:${(await first.ready).port}`, httpVersion: "2" });
    const acknowledged: string[] = [];
    const writing = (async () => {
      for (let i = 0; ; i++) {
        await client.models.createModel({ name: `killed-${i}` });
        acknowledged.push(`killed-${i}`);
        if (i === 30) first.child.kill("SIGKILL");
      }
    })().catch(() => {});
    await first.ended;
    await writing;
    client.close();
    const second = start(["--port", "0"]);
    const again = connectRegistry({ baseUrl: `http://127.0.0.1:${(await second.ready).port}`, httpVersion: "2" });
    for (const name of acknowledged) expect((await again.models.getModel({ name })).model?.name).toBe(name);
    again.close();
    second.child.kill("SIGTERM");
    await second.ended;
  });
});

describe("a start that cannot succeed ends with 2 and one line that names", () => {
  it.each([
    ["the port that is taken", ["--port", "0"], {}, /port \d+ cannot be used: it is taken/],
    [
      "the database that cannot be reached",
      [],
      { DATABASE_URL: "postgres://u:pw@127.0.0.1:1/x" },
      /postgres:\/\/u@127.0.0.1:1\/x cannot be used/,
    ],
    ["a setting that is missing", [], { DATABASE_URL: "" }, /DATABASE_URL is not set/],
    ["a key that is missing", [], { MINTMARK_KEY_DIR: "/nonexistent" }, /mintmark keys generate/],
    ["links that hold for no time", [], { MINTMARK_DATA_URL_SECONDS: "0" }, /MINTMARK_DATA_URL_SECONDS expected/],
    ["a level that there is not", [], { MINTMARK_LOG_LEVEL: "loud" }, /MINTMARK_LOG_LEVEL expected one of/],
    ["a store of no known kind", [], { MINTMARK_ARTIFACT_STORE: "ftp://x" }, /MINTMARK_ARTIFACT_STORE/],
    ["an unknown flag", ["--prot", "1"], {}, /--prot/],
    ["a host that others can reach in clear text", ["--host", "0.0.0.0"], {}, /--tls-cert FILE .* --behind-proxy/],
    ["a host that others can reach without authentication", ["--host", "0.0.0.0", "--auth", "off"], {}, /--insecure/],
  ])("%s", async (_, args, changes, line) => {
    let blocker: Started | undefined;
    let given = args;
    if (args[0] === "--port" && args[1] === "0") {
      blocker = start(args);
      given = ["--port", String((await blocker.ready).port)];
    }
    const { code, stderr } = await start(given.length === 0 ? ["--port", "0"] : given, changes).ended;
    expect(stderr.trim()).toMatch(line);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).not.toContain("pw");
    expect(code).toBe(2);
    blocker?.child.kill("SIGTERM");
    await blocker?.ended;
  });

  it("the database that is newer than the program", async () => {
    const newer = thisRelease.migrations.length + 1;
    await database.pool.query("insert into mintmark.migration values ($1, 'x', 'x')", [newer]);
    const { code, stderr } = await start(["--port", "0"]).ended;
    await database.pool.query("delete from mintmark.migration where number = $1", [newer]);
    expect(stderr).toMatch(/schema \d+, this release knows \d+.*backup.*restore/);
    expect(code).toBe(2);
  });
});

interface Started {
  readonly child: ChildProcess;
  readonly ready: Promise<{ port: number }>;
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

function start(args: readonly string[], changes: NodeJS.ProcessEnv = {}): Started {
  const child = fork(new URL("./main.ts", import.meta.url), args, {
    env: { ...env, MINTMARK_LOG_LEVEL: "silent", ...changes },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (chunk) => {
    stdout += String(chunk);
  });
  child.stderr?.on("data", (chunk) => {
    stderr += String(chunk);
  });
  // Not "close": that does not come after a disconnect.
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const silent = new Promise<void>((resolve) => child.stderr?.once("end", resolve));
  const ended = Promise.all([exited, silent]).then(([code]) => ({ code, stdout, stderr }));
  const ready = new Promise<{ port: number }>((resolve, reject) => {
    child.once("message", (message) => resolve(message as { port: number }));
    void ended.then(({ stderr: text }) => reject(new Error(`ended before it was ready: ${text}`)));
  });
  ready.catch(() => {});
  return { child, ready, ended };
}
