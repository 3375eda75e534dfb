import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { needs } from "@mintmark/testing/needs";
import { type TestDatabase, testDatabase } from "@mintmark/testing/postgres";
import { startRedis, type TestRedis } from "@mintmark/testing/redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entryId, type QueueEntry } from "./entry.ts";
import { prepareQueue } from "./prepare.ts";
import { type JobQueue, openQueue } from "./queue.ts";
import { openWorker, type WorkerOptions } from "./worker.ts";

const hasRedis = needs("redis-server", "redis-server", ["--version"], "apt-get install redis-server");
const errors: Error[] = [];
const onError = (error: Error) => void errors.push(error);

/** The same claims about both backends; a queue of its own for each test. */
function behaves(name: string, freshQueue: () => Promise<{ url: string; drop: () => Promise<void> }>): void {
  describe(`the queue on ${name}`, () => {
    async function withQueue(test: (queue: JobQueue, url: string) => Promise<void>): Promise<void> {
      const { url, drop } = await freshQueue();
      const queue = openQueue(url, { onError });
      try {
        await test(queue, url);
      } finally {
        await queue.close();
        await drop();
      }
    }

    it("hands an entry to one worker, which sees run and number", () =>
      withQueue(async (queue, url) => {
        const seen: QueueEntry[] = [];
        const workers = [1, 2].map(() => openWorker(url, async (entry) => void seen.push(entry), { onError }));
        const entry = newEntry();
        await queue.enqueue(entry);
        await until(() => seen.length > 0);
        await sleep(100);
        expect(seen).toEqual([entry]);
        await Promise.all(workers.map((worker) => worker.close()));
      }));

    it("takes the same entry once, and the run's next entry as another", () =>
      withQueue(async (queue, url) => {
        const entry = newEntry();
        await Promise.all(Array.from({ length: 20 }, () => queue.enqueue(entry)));
        await queue.enqueue({ ...entry, number: 2 });
        const seen: string[] = [];
        const worker = openWorker(url, async (each) => void seen.push(entryId(each)), { onError });
        await until(() => seen.length >= 2);
        await sleep(100);
        expect(seen.sort()).toEqual([entryId(entry), entryId({ ...entry, number: 2 })]);
        await worker.close();
      }));

    it("tells entries that wait, are handled, and are gone", () =>
      withQueue(async (queue, url) => {
        const entry = newEntry();
        expect(await queue.stateOf(entry)).toBe("gone");
        await queue.enqueue(entry);
        expect(await queue.stateOf(entry)).toBe("waiting");
        const { promise: held, resolve: release } = Promise.withResolvers<void>();
        const worker = openWorker(url, () => held, { onError });
        await until(async () => (await queue.stateOf(entry)) === "active");
        release();
        await until(async () => (await queue.stateOf(entry)) === "gone");
        await worker.close();
      }));

    it("keeps an entry until its time has come", () =>
      withQueue(async (queue, url) => {
        const handled: number[] = [];
        const worker = openWorker(url, async () => void handled.push(Date.now()), { onError });
        const started = Date.now();
        const entry = newEntry();
        await queue.enqueue(entry, { delayMs: 600 });
        expect(await queue.stateOf(entry)).toBe("waiting");
        await until(() => handled.length > 0);
        expect(handled[0]! - started).toBeGreaterThanOrEqual(590);
        await worker.close();
      }));

    it("is done with an entry whose handler throws, and says so", () =>
      withQueue(async (queue, url) => {
        errors.length = 0;
        const worker = openWorker(url, () => Promise.reject(new Error("broken handler")), { onError });
        const entry = newEntry();
        await queue.enqueue(entry);
        await until(() => errors.length > 0);
        expect(errors[0]?.message).toBe("broken handler");
        expect(await queue.stateOf(entry)).toBe("gone");
        await worker.close();
      }));

    it("closes a worker after what it handles, and leaves the rest to others", () =>
      withQueue(async (queue, url) => {
        const ended: number[] = [];
        const slow = async ({ number }: QueueEntry) => {
          await sleep(300);
          ended.push(number);
        };
        const runId = newEntry().runId;
        const first = openWorker(url, slow, { onError });
        await first.ready();
        for (const number of [1, 2]) await queue.enqueue({ runId, number });
        await until(async () => (await queue.stateOf({ runId, number: 1 })) === "active");
        await first.close();
        expect(ended).toEqual([1]);
        expect(await queue.stateOf({ runId, number: 2 })).toBe("waiting");
        const second = openWorker(url, slow, { onError });
        await until(() => ended.length === 2);
        await second.close();
      }));

    it("hands on an entry whose worker was killed", () =>
      withQueue(async (queue, url) => {
        const entry = newEntry();
        await queue.enqueue(entry);
        const worker = await killedWhileHandling(url);
        expect(worker).toBe(entryId(entry));
        expect(await queue.stateOf(entry)).toBe("active");
        const seen: QueueEntry[] = [];
        const options: WorkerOptions = { onError, lockMs: 1_000, stalledCheckMs: 500 };
        const next = openWorker(url, async (each) => void seen.push(each), options);
        await until(() => seen.length > 0, 15_000);
        expect(seen).toEqual([entry]);
        await next.close();
      }));
  });
}

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

behaves("Postgres", async () => {
  const fresh = await testDatabase();
  return { url: await prepareQueue(fresh.url), drop: fresh.drop };
});

if (hasRedis) {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  behaves("Redis", async () => {
    await redis.flush();
    return { url: redis.url, drop: async () => {} };
  });

  it("a Redis that is away is an error within the deadline, and is used again once it is back", async () => {
    const own = await startRedis();
    const queue = openQueue(own.url, { onError, deadlineMs: 500 });
    await queue.enqueue(newEntry());
    await own.stop();
    await expect(queue.enqueue(newEntry())).rejects.toMatchObject({ reason: "QUEUE_UNAVAILABLE" });
    const back = await startRedis(own.port);
    await until(
      () =>
        queue.enqueue(newEntry()).then(
          () => true,
          () => false,
        ),
      10_000,
    );
    await queue.close();
    await back.stop();
  });
}

describe("prepareQueue", () => {
  it("may be called 10 times at once", async () => {
    const urls = await Promise.all(Array.from({ length: 10 }, () => prepareQueue(database.url)));
    expect(new Set(urls).size).toBe(1);
  });

  it("gives a role that cannot touch the registry's tables", async () => {
    await database.pool.query("create schema mintmark; create table mintmark.run (id int)");
    await prepareQueue(database.url);
    const client = await database.pool.connect();
    await client.query("set role mintmark_queue");
    await expect(client.query("select * from mintmark.run")).rejects.toMatchObject({ code: "42501" });
    await expect(client.query("create table public.mine (a int)")).rejects.toMatchObject({ code: "42501" });
    await client.query("reset role");
    client.release();
  });

  it("says that QUEUE_URL must be given where the account may not create roles", async () => {
    const fresh = await testDatabase();
    const account = `plain_queue_${process.pid}`;
    const url = fresh.url.replace("postgres@", `${account}@`);
    await fresh.pool.query(`create role ${account} login`);
    await fresh.pool.query(`alter database ${new URL(fresh.url).pathname.slice(1)} owner to ${account}`);
    await expect(prepareQueue(url)).rejects.toMatchObject({ reason: "QUEUE_ROLE_REFUSED", detail: { account } });
    // Given a Postgres of its own, that account needs no role.
    expect(await prepareQueue(database.url, url)).toBe(url);
    const queue = openQueue(url, { onError });
    await queue.enqueue(newEntry());
    await queue.close();
    await fresh.drop();
  });

  it("refuses other URLs by their scheme", () => {
    expect(() => openQueue("mysql://x", { onError })).toThrow("QUEUE_URL has the scheme 'mysql:'");
    expect(() => openQueue("localhost", { onError })).toThrow("QUEUE_URL is not a URL");
  });
});

function newEntry(): QueueEntry {
  return { runId: randomUUID().replaceAll("-", ""), number: 1 };
}

async function until(holds: () => boolean | Promise<boolean>, milliseconds = 5_000): Promise<void> {
  for (const end = Date.now() + milliseconds; Date.now() < end; await sleep(20)) if (await holds()) return;
  throw new Error("did not come to hold in time");
}

/** A process of its own that takes one entry, prints it, and is killed in the middle of it. */
async function killedWhileHandling(url: string): Promise<string> {
  const { spawn } = await import("node:child_process");
  const program = `import { openWorker } from ${JSON.stringify(new URL("./worker.ts", import.meta.url).href)};
import { entryId } from ${JSON.stringify(new URL("./entry.ts", import.meta.url).href)};
    openWorker(process.argv[1], (entry) => { console.log(entryId(entry)); return new Promise(() => {}); },
      { onError: console.error, lockMs: 1000, stalledCheckMs: 500 });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, url], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await child.stdout.take(1).toArray()) as [Buffer];
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
  return line.toString().trim();
}
