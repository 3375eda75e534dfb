/**
 * Memory of processes, as the kernel counts it.
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";

/** Proportional set size of one process in MiB: shared pages are divided among those who share them. */
export function proportionalMiB(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(rollup.match(/^Pss:\s+(\d+) kB/m)![1]) / 1024;
}

/** Resident set size of one process in MiB. */
export function residentMiB(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/status`, "utf8").match(/^VmRSS:\s+(\d+) kB/m)![1]) / 1024;
}

/** The command line of a process, its words parted by spaces. */
export function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
}

/** The process and everything that it started, itself first. */
export function family(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const parent = Number(readFileSync(`/proc/${entry}/stat`, "utf8").split(") ").at(-1)!.split(" ")[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
    } catch {
      // It ended while we looked.
    }
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
