/**
 * `mintmark down`: stops what `mintmark up` keeps up, as Ctrl-C there does.
 * @module
 */
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "@mintmark/errors";
import type { Command } from "commander";
import type { Answer } from "../answer.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { isLocked, startedDataDir } from "../up/data-dir.ts";
import { runningSystem } from "../up/run-state.ts";
import { dataDirOption, examples } from "./options.ts";

export function addDownCommand(program: Command, run: Run): void {
  const command = program
    .command("down")
    .description("stop the system that runs on a data directory; what is kept stays");
  command.addOption(dataDirOption("where `mintmark up` keeps everything"));
  examples(command, "mintmark down");
  command.action(({ dataDir }: { dataDir: string }) => run(command, (session) => down(session, dataDir)));
}

/** Asks a process to end; one that has ended meanwhile is as good. */
function ask(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EPERM") throw new AppError("PROCESS_OF_OTHERS", { pid });
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** `up` ends within 10 s. */
const patienceMs = 15_000;

/** @throws AppError DATA_DIR_NOT_STARTED if the directory is none of ours; DATA_DIR_BUSY, PROCESS_OF_OTHERS, NOT_STOPPED if it does not end */
export async function down({ cwd, signal, progress }: Session, directory: string): Promise<Answer> {
  const dir = startedDataDir(resolve(cwd, directory));
  const system = runningSystem(dir);
  if (system === undefined)
    return { text: `nothing runs on ${dir.root}`, json: { data_dir: dir.root, stopped: false } };
  progress.status("stopping …");
  ask(system.pid);
  const deadline = Date.now() + patienceMs;
  while (isLocked(dir)) {
    if (Date.now() > deadline) throw new AppError("NOT_STOPPED", { pid: system.pid, dir: dir.root });
    await sleep(50, undefined, { signal });
  }
  return { text: `stopped; everything is kept in ${dir.root}`, json: { data_dir: dir.root, stopped: true } };
}
