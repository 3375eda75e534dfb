/**
 * A thread of this process: the way there is short. It shares this process's fate where memory runs out, so it is given
 * small bodies, and models that are known to be ours.
 * @module
 */
import { Worker } from "node:worker_threads";
import type { StartHost } from "./host.ts";
import type { Outcome } from "./messages.ts";

export const startThread: StartHost = ({ outcome, ended }) => {
  const worker = new Worker(new URL("./child/thread.ts", import.meta.url));
  let how = "it was ended";
  worker.on("message", (message: Outcome) => outcome(message));
  worker.on("error", (error) => {
    how = String(error);
  });
  worker.on("exit", () => ended({ cause: "other", how }));
  return {
    send: async (task) => worker.postMessage(task),
    kill: () => void worker.terminate(),
  };
};
