/**
 * A process of its own with a limit of memory: whatever a model or a body does to it, this process goes on.
 * @module
 */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Ended, StartHost } from "./host.ts";
import type { Outcome, Pieces } from "./messages.ts";

/** @param memoryBytes of memory that is resident, from which the process is ended */
export function startProcess(memoryBytes: number): StartHost {
  return ({ outcome, ended }) => {
    const heap = Math.floor(memoryBytes / mebibyte);
    const child = fork(
      fileURLToPath(new URL("./child/process.ts", import.meta.url)),
      [String(memoryBytes), String(process.pid)],
      {
        env: environment(),
        execArgv: [`--max-old-space-size=${heap}`],
        serialization: "advanced",
        stdio: ["ignore", "ignore", "pipe", "ipc"],
      },
    );
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-2_000);
    });
    let pieces: Uint8Array[] = [];
    child.on("message", (message: Uint8Array | Outcome) => {
      if (message instanceof Uint8Array) {
        pieces.push(message);
        return;
      }
      outcome(message.type === "scored" ? { type: "scored", pieces } : message);
      pieces = [];
    });
    let isOver = false;
    const over = (how: Ended) => {
      if (!isOver) ended(how);
      isOver = true;
    };
    child.once("error", (error) => over({ cause: "other", how: error.message }));
    child.once("exit", (code, signal) => {
      // V8 aborts where its heap is full; the watch, and the system, kill.
      if (signal === "SIGKILL" || signal === "SIGABRT") over({ cause: "memory" });
      else over({ cause: "other", how: `ended with ${signal ?? `code ${code}`}: ${said}` });
    });
    const send = (message: object) => new Promise<void>((sent) => child.send(message, () => sent()));
    const sendAll = async (pieces: Pieces) => {
      // A message is copied while it is sent, so none is large.
      for (const piece of pieces)
        for (let from = 0; from < piece.length; from += pieceBytes) await send(piece.subarray(from, from + pieceBytes));
    };
    return {
      send: async (task) => {
        if (task.type === "load") await sendAll(task.pieces).then(() => send({ ...task, pieces: [] }));
        else if (task.type === "score")
          await sendAll(task.body.pieces).then(() => send({ ...task, body: { ...task.body, pieces: [] } }));
        else await send(task);
      },
      kill: () => void child.kill("SIGKILL"),
    };
  };
}

const mebibyte = 2 ** 20;
const pieceBytes = 256 * 1024;

/** Nothing of this process's own settings, which hold its tokens. */
function environment(): NodeJS.ProcessEnv {
  const kept = ["PATH", "LD_LIBRARY_PATH", "TZ", "LANG", "LC_ALL", "NODE_ENV", "NODE_COMPILE_CACHE"];
  return Object.fromEntries(kept.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : [])));
}
