/**
 * Memory of the whole stack at rest: Postgres, registry, gateway, one worker with its warm child, and the supervisor.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { family, proportionalMiB } from "./memory-use.ts";
import { trainedStack } from "./stack.ts";
import type { Row } from "./table.ts";

/** The warm child of the worker, which ran the last job, has been replaced by then. */
const restMs = 8_000;

export async function memoryAtRest(): Promise<readonly Row[]> {
  const stack = await trainedStack();
  try {
    await sleep(restMs);
    const parts = ["postgres", "registry", "gateway", "worker-1"].map(
      (name) => [name, sum(family(stack.pid(name)))] as const,
    );
    const absent = parts.find(([, mib]) => mib === 0);
    if (absent !== undefined) throw new Error(`${absent[0]} is not there`);
    const all = sum(family(stack.up.process.pid!));
    return [
      { what: "whole stack at rest, MiB (proportional)", measured: all.toFixed(0), goal: "< 600", met: all < 600 },
      ...parts.map(([name, mib]) => ({ what: `  ${name}`, measured: mib.toFixed(0), goal: "-", met: true })),
    ];
  } finally {
    await stack.stop();
  }
}

function sum(pids: readonly number[]): number {
  return pids.reduce((total, pid) => total + proportionalMiB(pid), 0);
}
