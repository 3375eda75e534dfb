/**
 * Memory of processes, as the kernel counts it.
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";

/** Proportional set size of one process in MiB: shared pages are divided among those who share them. 0 once it has ended. */
export function proportionalMiB(pid: number): number {
  return mebibytes(pid, "smaps_rollup", /^Pss:\s+(\d+) kB/m);
}

/** Resident set size of one process in MiB; 0 once it has ended. */
export function residentMiB(pid: number): number {
  return mebibytes(pid, "status", /^VmRSS:\s+(\d+) kB/m);
}

/** The command line of a process, its words parted by spaces; empty once it has ended. */
export function commandOf(pid: number): string {
  return readOf(pid, "cmdline").replaceAll("\0", " ");
}

function mebibytes(pid: number, file: string, field: RegExp): number {
  return Number(readOf(pid, file).match(field)?.[1] ?? 0) / 1024;
}

/** Empty if the process has ended since it was listed. */
function readOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch (error) {
    if (!["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    return "";
  }
}

/** The process and everything that it started, itself first. */
export function family(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = readOf(Number(entry), "stat");
    if (stat === "") continue;
    const parent = Number(stat.split(") ").at(-1)!.split(" ")[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const collect = (of: number): number[] => [of, ...(children.get(of) ?? []).flatMap(collect)];
  return collect(pid);
}

/** Samples the resident memory of a process until told to stop; returns the peak in MiB. */
export function watchPeak(pid: number): () => number {
  let peak = residentMiB(pid);
  const timer = setInterval(() => {
    peak = Math.max(peak, residentMiB(pid));
  }, 20);
  return () => {
    clearInterval(timer);
    return Math.max(peak, residentMiB(pid));
  };
}
