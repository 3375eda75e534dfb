/**
 * A process of models, with a limit of memory. Pieces come and go as messages of their own, before the message that they
 * belong to, so that neither side has to hold its event loop for a large one.
 * @module
 */
import { writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import type { Outcome, Task } from "../messages.ts";
import { serveModels } from "./serve-models.ts";
import type { Watched } from "./watch.ts";

const workerData: Watched = { memoryBytes: Number(process.argv[2]), parent: Number(process.argv[3]) };
yieldToOthers();
new Worker(new URL("./watch.ts", import.meta.url), { workerData });
const work = serveModels();
const send = promisify((message: unknown, sent: (error: Error | null) => void) => process.send!(message, sent));

let pieces: Uint8Array[] = [];
process.on("message", (message: Uint8Array | Task) => {
  if (message instanceof Uint8Array) {
    pieces.push(message);
    return;
  }
  const outcome = work(withPieces(message, pieces));
  pieces = [];
  if (outcome !== undefined) void answer(outcome);
});
process.on("disconnect", () => process.exit(0));

function withPieces(task: Task, pieces: readonly Uint8Array[]): Task {
  if (task.type === "load") return { ...task, pieces };
  return task.type === "score" ? { ...task, body: { ...task.body, pieces } } : task;
}

async function answer(outcome: Outcome): Promise<void> {
  if (outcome.type !== "scored") return send(outcome);
  for (const piece of outcome.pieces) await send(piece);
  await send({ type: "scored", pieces: [] } satisfies Outcome);
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
