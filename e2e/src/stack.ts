/**
 * The whole system in its two shapes, as an operator starts it: `mintmark up` with everything in it, and separate
 * processes with a Postgres and a Redis of their own.
 * @module
 */

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@mintmark/testing/free-port";
import { testDatabase } from "@mintmark/testing/postgres";
import { mintmarkBin, type Program, type Result, type RunOptions, run, start } from "./process.ts";

export interface Stack {
  /** The gateway. */
  readonly url: string;
  readonly registryUrl: string;
  readonly grpcPort: number;
  /** Where keys, and of the embedded stack everything, are kept. */
  readonly dir: string;
  /** Runs `mintmark ARGS` against this stack. */
  readonly cli: (...args: string[]) => Promise<Result>;
  /** The same with `--json`: the document that it printed. Fails with what was printed if the exit code is not 0. */
  readonly json: <T>(...args: string[]) => Promise<T>;
  /** The process id of `postgres`, `registry`, `gateway`, `worker-1` …, as it is now; 0 while it is being started again. */
  readonly pid: (name: string) => number;
  readonly stop: () => Promise<void>;
}

export interface StackOptions {
  /** An existing data directory; a new one, removed at the end, if not given. */
  readonly dir?: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** `mintmark up` on free ports. */
export async function embeddedStack({
  dir,
  args = [],
  env = {},
}: StackOptions = {}): Promise<Stack & { readonly up: Program }> {
  const data = dir ?? mkdtempSync(join(tmpdir(), "mintmark-e2e-"));
  const up = start(
    mintmarkBin,
    ["up", "--data-dir", data, "--port", "0", "--grpc-port", "0", "--registry-port", "0", ...args],
    { env },
  );
  const [, url, grpc, registry] = await up.line(/^ready (http:\S+) grpc=(\d+) registry=(\d+)$/, 60_000);
  return {
    ...stackAt({ url: url!, registryUrl: `http://127.0.0.1:${registry}`, grpcPort: Number(grpc), dir: data, env }),
    up,
    pid: (name) => {
      const file = join(data, "run", `${name}.pid`);
      return existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
    },
    stop: async () => {
      await up.stop();
      if (dir === undefined) rmSync(data, { recursive: true, force: true });
    },
  };
}

/** Registry, workers and gateway as processes of their own on Postgres and Redis. */
export async function separateStack({
  workers = 1,
  env = {},
}: {
  workers?: number;
  env?: NodeJS.ProcessEnv;
} = {}): Promise<Stack> {
  const dir = mkdtempSync(join(tmpdir(), "mintmark-e2e-"));
  const database = await testDatabase();
  const redisPort = await freePort();
  const programs = new Map<string, Program>();
  programs.set(
    "redis",
    start("redis-server", [
      "--port",
      `${redisPort}`,
      "--bind",
      "127.0.0.1",
      "--appendonly",
      "yes",
      "--dir",
      dir,
      "--maxmemory-policy",
      "noeviction",
    ]),
  );
  await programs.get("redis")!.line(/Ready to accept connections/, 10_000);
  const [registryPort, port, grpcPort] = [await freePort(), await freePort(), await freePort()];
  const registryUrl = `http://127.0.0.1:${registryPort}`;
  const shared = {
    ...env,
    QUEUE_URL: `redis://127.0.0.1:${redisPort}`,
    MINTMARK_KEY_DIR: join(dir, "keys"),
    MINTMARK_REGISTRY_URL: registryUrl,
  };
  const keys = await run(mintmarkBin, ["keys", "generate"], { env: shared });
  if (keys.code !== 0) throw new Error(keys.stderr);
  const app = (name: string, args: readonly string[], extra: NodeJS.ProcessEnv = {}) =>
    programs.set(name, start(mintmarkBin, args, { env: { ...shared, ...extra } }));
  app("registry", ["registry", "--port", `${registryPort}`], {
    DATABASE_URL: database.url,
    MINTMARK_ARTIFACT_STORE: `file://${dir}/blobs`,
  });
  await answers(registryPort);
  for (let n = 1; n <= workers; n++) app(`worker-${n}`, ["worker"]);
  app("gateway", ["gateway", "--port", `${port}`, "--grpc-port", `${grpcPort}`]);
  const url = `http://127.0.0.1:${port}`;
  await untilReady(url);
  return {
    ...stackAt({ url, registryUrl, grpcPort, dir, env }),
    pid: (name) => programs.get(name)!.process.pid!,
    stop: async () => {
      const [redis, ...apps] = [...programs.values()];
      await Promise.all(apps.map((program) => program.stop()));
      await redis!.stop();
      await database.drop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function stackAt(place: Pick<Stack, "url" | "registryUrl" | "grpcPort" | "dir"> & { env: NodeJS.ProcessEnv }) {
  const options: RunOptions = {
    env: { ...place.env, MINTMARK_URL: place.url, MINTMARK_KEY_DIR: join(place.dir, "keys") },
  };
  const cli = (...args: string[]) => run(mintmarkBin, args, options);
  return {
    ...place,
    cli,
    json: async <T>(...args: string[]) => {
      const { code, stdout, stderr } = await cli(...args, "--json");
      if (code !== 0) throw new Error(`mintmark ${args.join(" ")} --json ended with ${code}: ${stdout}${stderr}`);
      return JSON.parse(stdout) as T;
    },
  };
}

/** True once nothing of the process is left. */
export function hasEnded(pid: number): boolean {
  return !existsSync(`/proc/${pid}`) || /^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

async function answers(port: number): Promise<void> {
  await until(`port ${port}`, async () => {
    const { connect } = await import("node:net");
    return new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
      socket.on("connect", () => socket.end());
    });
  });
}

async function untilReady(url: string): Promise<void> {
  await until(`${url}/ready`, () =>
    fetch(`${url}/ready`).then(
      (answer) => answer.ok,
      () => false,
    ),
  );
}

/** Asks until the answer is true, 30 s at most. */
export async function until(what: string, ask: () => Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await ask())) {
    if (Date.now() > end) throw new Error(`${what} did not come within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
