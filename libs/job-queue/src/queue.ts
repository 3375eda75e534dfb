/**
 * The side that puts entries in: the registry's.
 *
 * The queue dispatches, at least once, and nothing else: whether a run goes on, has ended or was cancelled is in the
 * registry. An entry that is lost or wrongly failed is put in again; one too many is refused when it claims the run.
 * @module
 */
import type { JobsOptions } from "bullmq";
import { type Backend, backendOf, queueName } from "./backend.ts";
import { withDeadline } from "./deadline.ts";
import { entryId, type QueueEntry } from "./entry.ts";

export interface JobQueue {
  /** Adds the entry; adding it again while it is there, or within an hour after it is done, changes nothing. */
  readonly enqueue: (entry: QueueEntry, options?: { readonly delayMs?: number }) => Promise<void>;
  readonly stateOf: (entry: QueueEntry) => Promise<EntryState>;
  readonly close: () => Promise<void>;
}

/** `waiting` also for its time to come; `active`: a worker took it, and may have died since; `gone`: done, failed or lost. */
export type EntryState = "waiting" | "active" | "gone";

export interface QueueOptions {
  /** Told of connections that are cut; they come back by themselves. */
  readonly onError: (error: Error) => void;
  /** How long a call waits for a queue that is away. @default 5000 */
  readonly deadlineMs?: number;
}

/**
 * Nothing is connected, and BullMQ is not even loaded (a tenth of a second), before the first call. The Postgres queue must have been prepared (`prepareQueue`).
 * @throws AppError QUEUE_URL_INVALID; the calls throw QUEUE_UNAVAILABLE
 */
export function openQueue(url: string, { onError, deadlineMs = 5_000 }: QueueOptions): JobQueue {
  const backend = backendOf(url);
  let opened: Promise<BullQueue> | undefined;
  const open = async () => {
    const queue = await bullQueue(backend);
    queue.on("error", onError);
    return queue;
  };
  const use = () => (opened ??= open());
  return {
    async enqueue(entry, { delayMs = 0 } = {}) {
      const options = { jobId: entryId(entry), delay: delayMs, ...retention };
      await withDeadline(
        use().then((queue) => queue.add("run", entry, options)),
        deadlineMs,
      );
    },
    async stateOf(entry) {
      const state = await withDeadline(
        use().then((queue) => queue.getJobState(entryId(entry))),
        deadlineMs,
      );
      if (state === "active") return "active";
      return state === "completed" || state === "failed" || state === "unknown" ? "gone" : "waiting";
    },
    async close() {
      if (opened === undefined) return;
      await withDeadline(
        opened.then((queue) => queue.close()),
        deadlineMs,
      ).catch(onError);
    },
  };
}

/** By age only: counting what is kept is slow on Postgres, and deadlocks. */
const retention = { removeOnComplete: { age: 3600 }, removeOnFail: { age: 3600 } } as const;

interface BullQueue {
  on(event: "error", listener: (error: Error) => void): unknown;
  add(name: string, data: QueueEntry, options: JobsOptions): Promise<unknown>;
  getJobState(id: string): Promise<string>;
  close(): Promise<void>;
}

async function bullQueue({ kind, connection }: Backend): Promise<BullQueue> {
  const { createPostgresBackend, Queue } = await import("bullmq");
  return kind === "redis"
    ? new Queue(queueName, { connection })
    : new Queue(queueName, { connection }, createPostgresBackend);
}
