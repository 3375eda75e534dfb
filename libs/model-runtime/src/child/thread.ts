/**
 * A thread of models.
 * @module
 */
import { parentPort } from "node:worker_threads";
import type { Task } from "../messages.ts";
import { serveModels } from "./serve-models.ts";

const work = serveModels();

parentPort!.on("message", (task: Task) => {
  const outcome = work(task);
  if (outcome !== undefined) parentPort!.postMessage(outcome);
});
