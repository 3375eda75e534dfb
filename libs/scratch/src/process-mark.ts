/**
 * A mark that tells a process from every other, for the names of files that it alone uses: `<machine>-<pid>-<start>`. Ids are given
 * again, in containers at every start, so that the time of the start belongs to it.
 * @module
 */
import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

const machine = machineName();

/** Of this process. */
export const ownMark = `${machine}-${process.pid}-${processStat(process.pid)?.start ?? Math.round(performance.timeOrigin)}`;

/** Whether the process of the mark has ended. False of what is no mark, or of another machine: that cannot be seen from here. */
export function hasEnded(mark: string): boolean {
  const found = ownProcess(mark);
  if (found === undefined) return false;
  const { pid, start } = found;
  if (pid === process.pid) return mark !== ownMark;
  const stat = processStat(pid);
  return stat === undefined ? !isThere(pid) : stat.isZombie || stat.start !== start;
}

/** The id of the process of the mark, if it is one of this machine and is there; else undefined. */
export function runningPid(mark: string): number | undefined {
  return hasEnded(mark) ? undefined : ownProcess(mark)?.pid;
}

/** What a mark says; undefined of what is no mark, or of another machine. */
function ownProcess(mark: string): { readonly pid: number; readonly start: string } | undefined {
  const [, where, id = "", start = ""] = /^([0-9a-f]+)-(\d+)-([0-9a-f]+)$/.exec(mark) ?? [];
  return where === machine ? { pid: Number(id), start } : undefined;
}

/** The set of processes among which an id means one process: the machine and its pid namespace. */
function machineName(): string {
  let namespace = "";
  try {
    namespace = readlinkSync("/proc/self/ns/pid");
  } catch {
    // A system without them.
  }
  return createHash("sha256").update(`${hostname()} ${namespace}`).digest("hex").slice(0, 16);
}

export interface ProcessStat {
  readonly isZombie: boolean;
  readonly parent: number;
  /** In the kernel's own unit. */
  readonly start: string;
}

/** What the kernel says; `undefined` if the process is not there, is hidden, or the system tells no such thing. */
export function processStat(pid: number): ProcessStat | undefined {
  try {
    // proc(5): the state is field 3, the parent field 4, the time of start field 22; the name before them may hold anything.
    const fields = (readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1) ?? "").split(" ");
    return { isZombie: fields[0] === "Z", parent: Number(fields[1]), start: fields[19] ?? "" };
  } catch {
    return undefined;
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
