/**
 * What a running `mintmark up` says of itself in its data directory: for `status`, `down` and `doctor`.
 * @module
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "@mintmark/errors";
import { ownMark, runningPid } from "@mintmark/scratch/process-mark";
import { type DataDir, isLocked, readIfThere } from "./data-dir.ts";
import { type KnownProcess, knownProcesses } from "./process-id.ts";

export interface RunState {
  /** Of `mintmark up` itself. */
  readonly pid: number;
  readonly url: string;
  readonly grpc_port: number;
  readonly registry_port: number;
  readonly auth: "on" | "off";
  /** RFC 3339. */
  readonly started_at: string;
}

/** Says that the system is up; replaced as a whole, so that nobody reads half of it. */
export function writeRunState(dir: DataDir, state: RunState): void {
  const file = stateFile(dir);
  writeFileSync(`${file}.new`, JSON.stringify(state));
  renameSync(`${file}.new`, file);
}

export function clearRunState(dir: DataDir): void {
  rmSync(stateFile(dir), { force: true });
}

/** Notes which process `up` is, so that nobody takes another one with its id for it. */
export function writeMark(dir: DataDir): void {
  writeFileSync(markFile(dir), ownMark);
}

export function clearMark(dir: DataDir): void {
  rmSync(markFile(dir), { force: true });
}

export interface RunningSystem {
  readonly pid: number;
  /** Absent while it starts or stops. */
  readonly state: RunState | undefined;
  readonly programs: readonly KnownProcess[];
}

/**
 * The system that runs on a directory, or undefined if none does.
 * @throws AppError DATA_DIR_BUSY if another process has the directory, such as a backup, or one in another container
 */
export function runningSystem(dir: DataDir): RunningSystem | undefined {
  if (!isLocked(dir)) return undefined;
  const pid = runningPid(readIfThere(markFile(dir)) ?? "");
  if (pid === undefined) throw new AppError("DATA_DIR_BUSY", { dir: dir.root });
  const text = readIfThere(stateFile(dir));
  const state = text === undefined ? undefined : (JSON.parse(text) as RunState);
  // An earlier one that was killed has left its own.
  return { pid, state: state?.pid === pid ? state : undefined, programs: knownProcesses(dir.run) };
}

/** What a process holds in memory, in bytes, without what it shares unmodified; undefined if the system does not tell. */
export function memoryOf(pid: number): number | undefined {
  try {
    const [, resident = 0, shared = 0] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ").map(Number);
    return (resident - shared) * pageBytes;
  } catch {
    return undefined;
  }
}

/** Linux on x64 and arm64. */
const pageBytes = 4096;

function markFile(dir: DataDir): string {
  return join(dir.run, "up.mark");
}

function stateFile(dir: DataDir): string {
  return join(dir.run, "up.json");
}
