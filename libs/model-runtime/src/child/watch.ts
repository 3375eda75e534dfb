/**
 * Ends its process where that uses more memory than it may, or is left by whoever started it. A thread, because the other one
 * may be in the middle of anything.
 * @module
 */
import { workerData } from "node:worker_threads";

export interface Watched {
  /** Of memory that is resident. */
  readonly memoryBytes: number;
  readonly parent: number;
}

const { memoryBytes, parent } = workerData as Watched;

setInterval(() => {
  if (process.ppid !== parent || process.memoryUsage.rss() > memoryBytes) process.kill(process.pid, "SIGKILL");
}, 25);
