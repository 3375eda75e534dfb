/**
 * The side that takes entries out: a worker's.
 * @module
 */
import { createPostgresBackend, type Processor, Worker } from "bullmq";
import { type Backend, backendOf, queueName } from "./backend.ts";
import { withDeadline } from "./deadline.ts";
import { entryId, type QueueEntry } from "./entry.ts";

export interface JobWorker {
  /** Resolves once the worker waits for entries. */
  readonly ready: () => Promise<void>;
  /** Takes no new entries and returns when the handlers that run have ended. */
  readonly close: () => Promise<void>;
}

export interface WorkerOptions {
  /** How many entries are handled at the same time. @default 1 */
  readonly concurrency?: number;
  /** Told of connections that are cut, and of handlers that throw. */
  readonly onError: (error: Error) => void;
  /** After how long without renewal an entry counts as abandoned; renewed at half of it. @default 60_000 */
  readonly lockMs?: number;
  /** How often abandoned entries are looked for. @default 15_000 */
  readonly stalledCheckMs?: number;
}

/**
 * Handles entries, each at least once.
 *
 * The signal is aborted when the entry's lock is lost: then another worker may have it. A handler should not throw: what
 * becomes of the run is said to the registry, and an entry whose handler threw is as done as any other.
 * Handlers must leave the thread free: a lock that is not renewed in time is lost.
 * @throws AppError QUEUE_URL_INVALID
 */
export function openWorker(
  url: string,
  handle: (entry: QueueEntry, signal: AbortSignal) => Promise<void>,
  { concurrency = 1, onError, lockMs = 60_000, stalledCheckMs = 15_000 }: WorkerOptions,
): JobWorker {
  const running = new Map<string, AbortController>();

  const process: Processor<QueueEntry, null> = async (job) => {
    const entry = { runId: job.data.runId, number: job.data.number };
    const controller = new AbortController();
    running.set(entryId(entry), controller);
    try {
      await handle(entry, controller.signal);
    } finally {
      running.delete(entryId(entry));
    }
    return null;
  };

  const worker = bullWorker(backendOf(url), process, {
    concurrency,
    lockDuration: lockMs,
    stalledInterval: stalledCheckMs,
    maxStalledCount: 3,
    runRetryDelay: 1_000,
    removeOnComplete: { age: 3600 },
    removeOnFail: { age: 3600 },
  });
  worker.on("error", onError);
  worker.on("failed", (_, error) => onError(error));
  worker.on("lockRenewalFailed", (ids) => {
    for (const id of ids) running.get(id)?.abort(new Error("the queue's lock was lost"));
  });

  return {
    async ready() {
      await withDeadline(worker.waitUntilReady(), 10_000);
    },
    async close() {
      await worker.close();
    },
  };
}

interface Settings {
  readonly concurrency: number;
  readonly lockDuration: number;
  readonly stalledInterval: number;
  readonly maxStalledCount: number;
  readonly runRetryDelay: number;
  readonly removeOnComplete: { readonly age: number };
  readonly removeOnFail: { readonly age: number };
}

interface BullWorker {
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "failed", listener: (job: unknown, error: Error) => void): unknown;
  on(event: "lockRenewalFailed", listener: (ids: string[]) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

function bullWorker(
  { kind, connection }: Backend,
  process: Processor<QueueEntry, null>,
  settings: Settings,
): BullWorker {
  return kind === "redis"
    ? new Worker(queueName, process, { connection, ...settings })
    : new Worker(queueName, process, { connection, ...settings }, createPostgresBackend);
}
