/**
 * One check in a process of its own, from the registry's side.
 * @module
 */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { DescribedData } from "@mintmark/dataset";
import { AppError, type Detail, type Reason } from "@mintmark/errors";
import { type CheckOutcome, type CheckTask, endedFor } from "./messages.ts";

/**
 * Settles when the process is gone.
 * @param directory its own, with the files in it
 * @throws AppError as training would, or CHECK_TOO_LARGE; the reason of `signal` if that fires
 */
export async function runChild(task: CheckTask, directory: string, signal: AbortSignal): Promise<DescribedData> {
  signal.throwIfAborted();
  const child = fork(fileURLToPath(new URL("./child.ts", import.meta.url)), [], {
    cwd: directory,
    env: environment(directory),
    execArgv: [`--max-old-space-size=${Math.ceil(task.limits.memoryBytes / mebibyte)}`],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const kill = () => child.kill("SIGKILL");
  signal.addEventListener("abort", kill);
  try {
    let outcome: CheckOutcome | undefined;
    child.on("message", (message: CheckOutcome) => {
      outcome = message;
      // It ends by itself; one that cannot would hold its place for ever.
      setTimeout(kill, graceMs).unref();
    });
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-4_000);
    });
    const exit = await new Promise<Exit>((resolve, reject) => {
      child.once("error", reject).once("exit", (code, ended) => resolve({ code, signal: ended }));
      child.send(task, () => {});
    });
    signal.throwIfAborted();
    return dataOf(outcome ?? crashed(exit, task, said));
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

const graceMs = 1_000;
const mebibyte = 2 ** 20;

/** Nothing of the registry's own settings, which hold its passwords. */
function environment(directory: string): NodeJS.ProcessEnv {
  const kept = ["PATH", "LD_LIBRARY_PATH", "TZ", "LANG", "LC_ALL", "NODE_ENV"];
  const own = Object.fromEntries(kept.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : [])));
  return { ...own, HOME: directory, TMPDIR: directory, TMP: directory, TEMP: directory };
}

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

function dataOf(outcome: CheckOutcome): DescribedData {
  if (outcome.type === "described") return outcome.data;
  if (outcome.type === "refused") throw new AppError(outcome.reason, outcome.detail as Detail<Reason>);
  throw new Error(`a check broke: ${outcome.problem}`);
}

/** SIGABRT: V8's own heap was full before the watchdog looked. */
function crashed({ code, signal }: Exit, { limits }: CheckTask, said: string): CheckOutcome {
  const tooLarge = (bytes: number, what: string): CheckOutcome => ({
    type: "refused",
    reason: "CHECK_TOO_LARGE",
    detail: { problem: `reading it takes more than ${Math.round(bytes / mebibyte)} MiB of ${what}` },
  });
  if (signal === endedFor.memory || signal === "SIGABRT") return tooLarge(limits.memoryBytes, "memory");
  if (signal === endedFor.disk) return tooLarge(limits.diskBytes, "disk");
  return { type: "broken", problem: `its process ended with ${signal ?? `code ${code}`}: ${said}` };
}
