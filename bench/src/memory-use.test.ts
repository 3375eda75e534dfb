import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { commandOf, family, proportionalMiB, residentMiB, watchPeak } from "./memory-use.ts";

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

/** A shell with a child of its own. */
async function waiting(): Promise<ChildProcess> {
  const child = spawn("sh", ["-c", "sleep 60 & echo ready; wait"], { stdio: ["ignore", "pipe", "ignore"] });
  started.push(child);
  await once(child.stdout!, "data");
  return child;
}

it("counts a process and what it started", async () => {
  const { pid } = await waiting();
  const pids = family(pid!);
  expect(pids).toHaveLength(2);
  for (const each of pids) expect(Math.min(proportionalMiB(each), residentMiB(each))).toBeGreaterThan(0);
  expect(commandOf(pids[1]!)).toBe("sleep 60 ");
  for (const each of pids) process.kill(each, "SIGKILL");
});

it("a process that ends between being listed and being read takes nothing", async () => {
  const child = await waiting();
  const pids = family(child.pid!);
  const peak = watchPeak(child.pid!);
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await once(child, "exit");
  // Whoever takes on the shell's child asks after it in its own time.
  while (pids.some((pid) => commandOf(pid) !== "")) await sleep(10);
  expect(pids.map(proportionalMiB)).toEqual([0, 0]);
  expect(pids.map(residentMiB)).toEqual([0, 0]);
  expect(pids.map(commandOf)).toEqual(["", ""]);
  expect(peak()).toBeGreaterThan(0);
});

it("nor does one that has ended and is still listed", async () => {
  // The shell becomes a program that never asks after its child.
  const child = spawn("sh", ["-c", "sleep 0.1 & echo ready; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
  started.push(child);
  await once(child.stdout!, "data");
  const pids = family(child.pid!);
  const zombie = pids.find((pid) => pid !== child.pid)!;
  await sleep(400);
  expect(family(child.pid!)).toContain(zombie);
  expect([proportionalMiB(zombie), residentMiB(zombie)]).toEqual([0, 0]);
});
