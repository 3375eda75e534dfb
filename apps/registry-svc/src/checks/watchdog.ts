/**
 * A thread beside a check that ends the process once it uses more than it may, or nobody is there any more to hear its answer: what
 * reads data holds the process's own thread, and DuckDB's memory is none of V8's.
 * @module
 */
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { workerData } from "node:worker_threads";
import { endedFor, type ProcessLimits } from "./messages.ts";

export interface Watched {
  readonly limits: ProcessLimits;
  readonly directory: string;
  /** Whose check it is. */
  readonly parent: number;
}

const { limits, directory, parent } = workerData as Watched;

setInterval(() => {
  if (process.ppid !== parent) {
    try {
      // Again, as long as something is still being written there.
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    } finally {
      process.kill(process.pid, "SIGKILL");
    }
  }
  if (process.memoryUsage.rss() > limits.memoryBytes) process.kill(process.pid, endedFor.memory);
  if (sizeOf(directory) > limits.diskBytes) process.kill(process.pid, endedFor.disk);
}, 25);

function sizeOf(folder: string): number {
  let size = 0;
  try {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) size += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    // A folder that was removed meanwhile: what is left is seen the next time.
  }
  return size;
}
