export { entryId, type QueueEntry } from "./entry.ts";
export { prepareQueue } from "./prepare.ts";
export { type EntryState, type JobQueue, openQueue, type QueueOptions } from "./queue.ts";
export { type JobWorker, openWorker, type WorkerOptions } from "./worker.ts";
