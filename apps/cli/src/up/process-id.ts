/**
 * Processes that an earlier `mintmark up` left behind: known by id and time of start, because ids are given again.
 * @module
 */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { processStat } from "@mintmark/scratch/process-mark";
import { readIfThere } from "./data-dir.ts";

interface Recorded {
  readonly pid: number;
  readonly started: string;
}

/** The process ids of the children: `NAME.pid` for people and tools, one record with the times of start for the next `up`. */
export class ProcessIds {
  readonly #dir: string;
  readonly #record: string;
  readonly #children = new Map<string, Recorded>();

  constructor(runDir: string) {
    this.#dir = runDir;
    this.#record = recordFile(runDir);
  }

  set(name: string, pid: number): void {
    this.#children.set(name, { pid, started: startTime(pid) ?? "" });
    writeFileSync(join(this.#dir, `${name}.pid`), `${pid}\n`);
    this.#save();
  }

  clear(name: string): void {
    this.#children.delete(name);
    rmSync(join(this.#dir, `${name}.pid`), { force: true });
    this.#save();
  }

  /** Waits until what an earlier `up` started has ended; what is still there after `patience` milliseconds is killed. */
  async outlive(patience: number): Promise<void> {
    const deadline = Date.now() + patience;
    for (const [name, child] of readRecord(this.#record)) {
      while (isRunning(child) && Date.now() < deadline) await sleep(20);
      // Postgres is never killed here: it may have backends at work, and the new one waits for it by its own lock.
      if (isRunning(child) && name !== "postgres") process.kill(child.pid, "SIGKILL");
      rmSync(join(this.#dir, `${name}.pid`), { force: true });
    }
    rmSync(this.#record, { force: true });
  }

  #save(): void {
    writeFileSync(`${this.#record}.new`, JSON.stringify(Object.fromEntries(this.#children)));
    renameSync(`${this.#record}.new`, this.#record);
  }
}

export interface KnownProcess {
  readonly name: string;
  readonly pid: number;
  readonly running: boolean;
}

/** The processes that `up` has started and not yet seen end. */
export function knownProcesses(runDir: string): readonly KnownProcess[] {
  return readRecord(recordFile(runDir)).map(([name, child]) => ({ name, pid: child.pid, running: isRunning(child) }));
}

function recordFile(runDir: string): string {
  return join(runDir, "children.json");
}

function readRecord(file: string): [string, Recorded][] {
  return Object.entries(JSON.parse(readIfThere(file) ?? "{}") as Record<string, Recorded>);
}

function isRunning(child: Recorded): boolean {
  return child.started !== "" && startTime(child.pid) === child.started;
}

/** When a process was started, in the kernel's own unit; undefined if it has ended or the system does not tell. */
function startTime(pid: number): string | undefined {
  const stat = processStat(pid);
  return stat?.isZombie === true ? undefined : stat?.start;
}
