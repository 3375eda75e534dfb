import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { prepareQueue } from "@mintmark/job-queue/prepare";
import { type JobQueue, openQueue } from "@mintmark/job-queue/queue";
import { openWorker } from "@mintmark/job-queue/worker";
import { RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import { AttemptEnd } from "@mintmark/proto/mintmark/training/v1/attempt_service";
import { JobErrorSchema } from "@mintmark/proto/mintmark/training/v1/job";
import { needs } from "@mintmark/testing/needs";
import { startRedis, type TestRedis } from "@mintmark/testing/redis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { attemptOf } from "../jobs/attempt.ts";
import { endAttempt } from "../jobs/end-attempt.ts";
import { retries } from "../jobs/job-deps.ts";
import { submitJob } from "../jobs/submit-job.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";
import { reconcile, startReconciler } from "./reconciler.ts";

const onError = () => {};
const hasRedis = needs("redis-server", "redis-server", ["--version"], "apt-get install redis-server");

reconciles("Postgres", async () => ({ queueUrl: undefined, stop: async () => {} }));
if (hasRedis)
  reconciles("Redis", async () => {
    const redis: TestRedis = await startRedis();
    return { queueUrl: redis.url, stop: redis.stop };
  });

function reconciles(
  name: string,
  start: () => Promise<{ queueUrl: string | undefined; stop: () => Promise<void> }>,
): void {
  describe(`the reconciler, with the queue on ${name}`, () => {
    let registry: TestRegistry;
    let stop: () => Promise<void>;
    let url: string;
    let queue: JobQueue;
    const deps = () => ({ ...registry.deps, queue });

    beforeAll(async () => {
      registry = await testRegistry();
      const started = await start();
      stop = started.stop;
      url = await prepareQueue(registry.database.owner.url, started.queueUrl);
    });
    afterAll(async () => {
      await registry.close();
      await stop();
    });
    beforeEach(() => {
      queue = openQueue(url, { onError });
    });
    afterEach(async () => {
      await queue.close();
      await registry.database.owner.pool.query(
        "update mintmark.run set status = 4, ended_at = now(), attempt_token = null where is_job and status in (1, 2)",
      );
    });

    it("queues again what was committed and never reached the queue, and only that", async () => {
      const lost = await submitWithoutQueue(registry);
      const kept = await submit(registry, queue);
      expect(await reconcile(deps(), 0)).toEqual([
        { run_id: expect.stringContaining(lost.slice(0, 8)), queue_number: 2 },
      ]);
      const seen: string[] = [];
      const worker = openWorker(url, async ({ runId }) => void seen.push(runId), { onError });
      await until(() => seen.length === 2);
      expect(seen.toSorted()).toEqual([lost, kept].toSorted());
      await worker.close();
    });

    it("leaves alone what was accepted a moment ago, what waits for its time, and what a worker has", async () => {
      const fresh = await submitWithoutQueue(registry);
      expect(await reconcile(deps(), 60_000)).toEqual([]);
      await registry.client.jobs.cancelJob({ id: fresh });

      const delayed = await claim(registry, await submit(registry, queue));
      const error = { reason: "AWAY", message: "away", retryable: true };
      const attempt = attemptOf(delayed);
      await endAttempt(deps(), { attempt, end: AttemptEnd.FAILED, error: create(JobErrorSchema, error), actor: "w" });
      await claim(registry, await submitWithoutQueue(registry));
      expect(await reconcile(deps(), 0)).toEqual([]);
    });

    it("queues again, once, a job whose worker died while the queue still holds its entry for taken", async () => {
      const id = await submit(registry, queue);
      const { promise: forever, resolve: release } = Promise.withResolvers<void>();
      // Entries that earlier tests left are done at once.
      const dead = openWorker(url, async ({ runId }) => (runId === id ? forever : undefined), { onError });
      await until(async () => (await queue.stateOf({ runId: id, number: 1 })) === "active");
      await claim(registry, id);
      await lapse(registry, id);
      expect(await reconcile(deps(), 0)).toHaveLength(1);
      // The entry that was added is still waiting, as the only worker is busy.
      expect(await reconcile(deps(), 0)).toEqual([]);
      release();
      await dead.close();
    });

    it("ends a job that kills its workers again and again, and one that was to be cancelled when its worker died", async () => {
      const deadly = await submit(registry, queue);
      for (let n = 0; n < retries.maxAttempts; n++) {
        await claim(registry, deadly);
        await lapse(registry, deadly);
      }
      const unwanted = await submit(registry, queue);
      await claim(registry, unwanted);
      await registry.client.jobs.cancelJob({ id: unwanted });
      await lapse(registry, unwanted);
      expect(await reconcile(deps(), 0)).toEqual([]);
      const ended = await Promise.all([deadly, unwanted].map((id) => registry.client.jobs.getJob({ id })));
      expect(ended[0]!.job).toMatchObject({ run: { status: RunStatus.FAILED }, error: { reason: "WORKER_LOST" } });
      expect(ended[1]!.job).toMatchObject({ run: { status: RunStatus.KILLED }, error: { reason: "CANCELLED" } });
    });

    it("passes over 10,000 waiting jobs within seconds, and queues again the few among them that were lost", async () => {
      await queueMany(registry, queue, 10_000);
      const lost = [await submitWithoutQueue(registry), await submitWithoutQueue(registry)];
      const began = performance.now();
      const queued = await reconcile(deps(), 0);
      const milliseconds = performance.now() - began;
      expect(queued.map(({ run_id }) => run_id.replaceAll("-", "")).toSorted()).toEqual(lost.toSorted());
      expect(milliseconds).toBeLessThan(20_000);
    }, 120_000);

    it("queues again each of 1,000 jobs, once, after the queue has lost everything", async () => {
      await insertQueued(registry, 1_000);
      const queued = await reconcile(deps(), 0);
      expect(new Set(queued.map(({ run_id }) => run_id)).size).toBe(1_000);
      expect(await reconcile(deps(), 0)).toEqual([]);
    }, 60_000);

    it("passes one at a time: 10 at once queue a lost job once", async () => {
      await submitWithoutQueue(registry);
      const passes = await Promise.all(Array.from({ length: 10 }, () => reconcile(deps(), 0)));
      expect(passes.flat()).toHaveLength(1);
    });

    it("passes at the start, then at each interval, and stops", async () => {
      const first = await submitWithoutQueue(registry);
      const reconciler = startReconciler(deps(), 100);
      await until(async () => (await queue.stateOf({ runId: first, number: 2 })) === "waiting");
      const second = await submitWithoutQueue(registry);
      await registry.database.owner.pool.query(
        "update mintmark.run set queued_at = now() - interval '1 minute' where run_id = $1",
        [second],
      );
      await until(async () => (await queue.stateOf({ runId: second, number: 2 })) === "waiting");
      await reconciler.stop();
      expect(registry.unexpected).toEqual([]);
    });
  });
}

const configJson = JSON.stringify({ model: "m", data: { source: "a.csv", target: "y" }, algorithm: { name: "ridge" } });

async function submit(registry: TestRegistry, queue: JobQueue): Promise<string> {
  const request = { configJson, snapshots: [], idempotencyKey: "", tags: {}, actor: "admin" };
  return (await submitJob({ ...registry.deps, queue }, request)).id;
}

/** Jobs that wait, in the registry and in the queue. */
async function queueMany(registry: TestRegistry, queue: JobQueue, count: number): Promise<void> {
  const ids = await insertQueued(registry, count);
  for (let at = 0; at < count; at += 500)
    await Promise.all(ids.slice(at, at + 500).map((runId) => queue.enqueue({ runId, number: 1 })));
}

/** Only in the registry. */
async function insertQueued(registry: TestRegistry, count: number): Promise<string[]> {
  const { rows } = await registry.database.pool.query<{ id: string }>(
    `insert into run (experiment_pk, status, is_job, name, user_name, queue_number, queued_at)
     select experiment_of('many'), 1, true, 'many', 'admin', 1, now() from generate_series(1, $1)
     returning replace(run_id::text, '-', '') as id`,
    [count],
  );
  return rows.map(({ id }) => id);
}

/** The queue is away just then: for the run the same as a registry that is killed after the commit. */
async function submitWithoutQueue(registry: TestRegistry): Promise<string> {
  const away = openQueue("redis://127.0.0.1:1", { onError, deadlineMs: 50 });
  const request = { configJson, snapshots: [], idempotencyKey: "", tags: {}, actor: "admin" };
  const { id } = await submitJob({ ...registry.deps, queue: away, onQueueError: onError }, request);
  await away.close();
  return id;
}

async function claim(registry: TestRegistry, runId: string): Promise<{ runId: string; attemptToken: string }> {
  const { attemptToken } = await registry.client.attempts.claimJob({ runId, worker: "w" });
  return { runId, attemptToken };
}

async function lapse(registry: TestRegistry, id: string): Promise<void> {
  await registry.database.owner.pool.query(
    "update mintmark.run set claim_expires_at = now() - interval '1 second' where run_id = $1",
    [id],
  );
}

async function until(holds: () => boolean | Promise<boolean>, milliseconds = 5_000): Promise<void> {
  for (const end = Date.now() + milliseconds; Date.now() < end; await sleep(20)) if (await holds()) return;
  throw new Error("did not come to hold in time");
}
