import { type ChildProcess, fork } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { prepareQueue } from "@mintmark/job-queue/prepare";
import { type JobQueue, openQueue } from "@mintmark/job-queue/queue";
import { AttemptEnd } from "@mintmark/proto/mintmark/training/v1/attempt_service";
import { type TestDatabase, testDatabase } from "@mintmark/testing/postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newKeyDirectory } from "./testing/key-directory.ts";
import { endless, longData } from "./testing/long-fit.ts";
import { type RegistryDouble, startRegistryDouble } from "./testing/registry-double.ts";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));
const examples = fileURLToPath(new URL("../../../examples/", import.meta.url));
const titanic = {
  model: "titanic",
  data: { source: "titanic.csv", target: "survival" },
  algorithm: { name: "gradient-boosting" },
};

let keys: string;
let database: TestDatabase;
let queueUrl: string;
let queue: JobQueue;
let registry: RegistryDouble;
let worker: Started | undefined;

beforeAll(async () => {
  [keys, database] = await Promise.all([newKeyDirectory(), testDatabase()]);
  queueUrl = await prepareQueue(database.url);
  queue = openQueue(queueUrl, { onError: () => {} });
});
afterAll(async () => {
  await queue.close();
  await database.drop();
  await rm(keys, { recursive: true });
});
beforeEach(async () => {
  registry = await startRegistryDouble();
});
afterEach(async () => {
  worker?.process.kill("SIGKILL");
  await registry.close();
});

it("takes a job from the queue to its version", async () => {
  await started();
  await enqueue(titanic, { name: "titanic.csv", bytes: await readFile(`${examples}titanic.csv`) });
  await until(() => registry.state.ends.length > 0);
  expect(registry.state.ends).toMatchObject([{ end: AttemptEnd.FINISHED }]);
  expect(registry.state.registrations).toHaveLength(1);
});

describe("stops within seconds, gives back what runs, and leaves no process", () => {
  it.each([
    ["on SIGTERM", (started: Started) => started.process.kill("SIGTERM")],
    ["on SIGINT", (started: Started) => started.process.kill("SIGINT")],
    ["when the process that started it is gone", (started: Started) => started.process.disconnect()],
  ])("%s", async (_, stop) => {
    const { child } = await startEndless();
    const begun = Date.now();
    stop(worker!);
    expect(await worker!.ended).toBe(0);
    expect(Date.now() - begun).toBeLessThan(7_000);
    expect(registry.state.ends.map(({ end }) => end)).toEqual([AttemptEnd.RELEASED]);
    expect(isAlive(child)).toBe(false);
  });
});

it("leaves no process when it is killed in the middle of a fit", async () => {
  const { child } = await startEndless();
  worker!.process.kill("SIGKILL");
  await worker!.ended;
  await until(() => !isAlive(child));
  expect(registry.state.ends).toEqual([]);
});

describe("temporary files", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "mintmark-worker-test-"));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const left = () => readdirSync(folder, { recursive: true, encoding: "utf8" });

  it("are gone when the worker is, also of jobs that are quicker than the warming up", async () => {
    await started({ TMPDIR: folder });
    const rows = Buffer.from(`a,y\n${Array.from({ length: 20 }, (_, row) => `${row},${row % 3}\n`).join("")}`);
    const quick = { model: "m", data: { source: "x.csv", target: "y" }, algorithm: { name: "ridge" } };
    for (let i = 0; i < 3; i++) await enqueue({ ...quick, task: "regression" }, { name: "x.csv", bytes: rows });
    await until(() => registry.state.ends.length === 3);
    expect(registry.state.ends.map(({ end }) => end)).toEqual(Array(3).fill(AttemptEnd.FINISHED));
    worker!.process.kill("SIGTERM");
    await worker!.ended;
    expect(left()).toEqual([]);
  });

  it("of a cancelled job go with its process", async () => {
    const { child } = await startEndless({ TMPDIR: folder });
    expect(left().some((path) => path.endsWith(longData.name))).toBe(true);
    registry.state.cancelRequested = true;
    await until(() => registry.state.ends.length === 1 && !isAlive(child));
    expect(left().filter((path) => path.endsWith(longData.name))).toEqual([]);
  });

  it("of a worker that was killed are swept by the next one, and those of a living one stay", async () => {
    const { child } = await startEndless({ TMPDIR: folder });
    const killed = worker!;
    await started({ TMPDIR: folder });
    const living = worker!;
    const data = () => left().filter((path) => path.endsWith(longData.name));
    try {
      await enqueue(endless, longData);
      await until(() => data().length === 2);
      killed.process.kill("SIGKILL");
      await killed.ended;
      await until(() => !isAlive(child));
      expect(data()).toHaveLength(2);

      await started({ TMPDIR: folder });
      expect(data()).toHaveLength(1);
      expect(data()[0]).toContain(`-${living.process.pid}-`);
      expect(left().filter((path) => path.includes(`-${killed.process.pid}-`))).toEqual([]);
    } finally {
      living.process.kill("SIGKILL");
    }
  });
});

it("explains itself and its settings", async () => {
  worker = start({}, ["--help"]);
  expect(await worker.ended).toBe(0);
  expect(worker.stdout()).toContain("--mintmark-registry-url <url>");
  expect(worker.stdout()).toContain("MINTMARK_ALLOWED_SOURCES");
});

describe("a bad start is one line on stderr and exit code 2", () => {
  it.each([
    ["no registry", { MINTMARK_REGISTRY_URL: "http://127.0.0.1:1" }, "nothing answers at http://127.0.0.1:1"],
    ["a queue of no known kind", { QUEUE_URL: "amqp://u:secret@h" }, "'amqp:'"],
    ["no queue", { QUEUE_URL: "postgres://u:secret@127.0.0.1:1/db" }, "nothing answers at postgres://127.0.0.1:1"],
    ["no keys", { MINTMARK_KEY_DIR: "/nowhere" }, "/nowhere"],
    ["no settings", { MINTMARK_REGISTRY_URL: "" }, "MINTMARK_REGISTRY_URL"],
  ])("%s", async (_, environment, message) => {
    worker = start(environment);
    expect(await worker.ended).toBe(2);
    const lines = worker
      .stderr()
      .trimEnd()
      .split("\n")
      .filter((line) => !line.startsWith("{"));
    expect(lines).toEqual([expect.stringContaining(message)]);
    expect(lines[0]).not.toContain("secret");
  });
});

interface Started {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly stdout: () => string;
  readonly stderr: () => string;
}

function start(environment: Readonly<Record<string, string>> = {}, args: readonly string[] = []): Started {
  const defaults = { MINTMARK_REGISTRY_URL: registry.url, MINTMARK_KEY_DIR: keys, QUEUE_URL: queueUrl };
  const child = fork(main, args, {
    env: { ...process.env, ...defaults, ...environment },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { process: child, ended, stdout: () => stdout, stderr: () => stderr };
}

async function started(environment: Readonly<Record<string, string>> = {}): Promise<void> {
  worker = start(environment);
  const { process: child, ended, stderr } = worker;
  const ready = new Promise((resolve) => child.once("message", resolve));
  const answer = await Promise.race([ready, ended]);
  if (typeof answer !== "object") throw new Error(`the worker did not start: ${stderr()}`);
}

/** A worker in the middle of a fit, and the process that does it. */
async function startEndless(environment: Readonly<Record<string, string>> = {}): Promise<{ child: number }> {
  await started(environment);
  await enqueue(endless, longData);
  await until(() => registry.state.progress.some(({ step }) => step === "fit"));
  const children = await readFile(`/proc/${worker!.process.pid}/task/${worker!.process.pid}/children`, "utf8");
  return { child: Number(children.trim().split(" ")[0]) };
}

let queued = 0;
async function enqueue(config: object, data: { readonly name: string; readonly bytes: Uint8Array }): Promise<void> {
  const runId = registry.submit(config, data);
  await queue.enqueue({ runId, number: ++queued });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !holds(); await sleep(50))
    if (Date.now() > end) throw new Error(`waited for 20 s in vain: ${worker?.stderr()}`);
}
