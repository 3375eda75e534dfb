/**
 * The child process of one check: reads the data as a worker would, says what it found, and ends. It has no credentials, and
 * whatever a file does to it, the registry goes on.
 * @module
 */
import { rmSync, writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import { Worker } from "node:worker_threads";
import { checkTrainingData, describeData, readOptionsOf, readTable } from "@mintmark/dataset";
import { AppError } from "@mintmark/errors";
import type { CheckOutcome, CheckTask } from "./messages.ts";
import type { Watched } from "./watchdog.ts";

const directory = process.cwd();
let watchdog: Worker | undefined;
process.once("message", (task: CheckTask) => void work(task));
process.on("disconnect", clearAway);
// It may have died while this process began.
if (!process.connected) clearAway();

/**
 * The registry died, and nobody else does it. Not by exit(), which would wait for a query that is under way. Once there is a
 * watchdog, that does it: this thread may be held by what it reads.
 */
function clearAway(): void {
  if (watchdog !== undefined) return;
  rmSync(directory, { recursive: true, force: true });
  process.kill(process.pid, "SIGKILL");
}

async function work({ config, paths, limits, parent }: CheckTask): Promise<void> {
  yieldToOthers();
  const workerData: Watched = { limits, directory, parent };
  watchdog = new Worker(new URL("./watchdog.ts", import.meta.url), { workerData });
  try {
    const table = await readTable(readOptionsOf(config, paths));
    const data = describeData(table, checkTrainingData(config, table), config.data.target);
    end({ type: "described", data });
  } catch (error) {
    end(
      error instanceof AppError
        ? { type: "refused", reason: error.reason, detail: error.detail }
        : { type: "broken", problem: String((error as Error).stack ?? error) },
    );
  }
}

/** Whoever else wants the processor goes first, and this process is the first to go where memory runs out. */
function yieldToOthers(): void {
  for (const modestly of [() => setPriority(10), () => writeFileSync("/proc/self/oom_score_adj", "1000")])
    try {
      modestly();
    } catch {
      // Where the system knows of no such thing, the limits hold all the same.
    }
}

function end(outcome: CheckOutcome): void {
  process.send?.(outcome, () => process.exit(0));
}
