/**
 * Checks of data that was uploaded: a few at a time, each in a process of its own with a deadline and limits of memory and disk,
 * so that no file, however large, slow or hostile, holds up the registry.
 * @module
 */
import { open, realpath } from "node:fs/promises";
import { totalmem } from "node:os";
import type { BlobReader } from "@mintmark/blob-store";
import type { DescribedData } from "@mintmark/dataset";
import { placeSnapshot } from "@mintmark/dataset/snapshot";
import { AppError } from "@mintmark/errors";
import { makeScratch } from "@mintmark/scratch/scratch";
import type { TrainingConfig } from "@mintmark/training-file";
import type { ProcessLimits } from "./messages.ts";
import { runChild } from "./run-child.ts";

export interface CheckLimits extends ProcessLimits {
  readonly atOnce: number;
  readonly seconds: number;
  /** Of all files together, as they were uploaded. */
  readonly dataBytes: number;
}

export interface Checkable {
  readonly config: TrainingConfig;
  /** In the store; at least one. */
  readonly snapshots: readonly { readonly name: string; readonly blake3: string; readonly size: string }[];
}

export interface DataChecks {
  /** @throws AppError as training would, CHECKS_BUSY, CHECK_TOO_LARGE; the reason of `signal` if that fires */
  readonly check: (data: Checkable, signal: AbortSignal) => Promise<DescribedData>;
  /** Settles once what is under way has ended and left nothing behind; whoever closes has to fire its signals. */
  readonly close: () => Promise<void>;
}

const gibibyte = 2 ** 30;

/** Two processes are not to take more than half of the memory that there is. */
export const defaultLimits: CheckLimits = {
  atOnce: 2,
  seconds: 60,
  dataBytes: gibibyte,
  memoryBytes: Math.min(2 * gibibyte, Math.max(gibibyte / 2, memoryOfMachine() / 4)),
  diskBytes: 3 * gibibyte,
};

function memoryOfMachine(): number {
  // 0 where no container limits it, and more than there is where one does so in name only.
  return Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem());
}

export function dataChecks(blobs: BlobReader, limits: CheckLimits = defaultLimits): DataChecks {
  const running = new Set<Promise<DescribedData>>();
  return {
    check: async (data, signal) => {
      requireSmall(data, limits);
      if (running.size >= limits.atOnce) throw new AppError("CHECKS_BUSY", { running: running.size });
      const check = inTime(limits, signal, (ending) => checkAlone({ blobs, limits }, data, ending));
      running.add(check);
      try {
        return await check;
      } finally {
        running.delete(check);
      }
    },
    close: async () => void (await Promise.allSettled(running)),
  };
}

function requireSmall({ snapshots }: Checkable, { dataBytes }: CheckLimits): void {
  const bytes = snapshots.reduce((sum, { size }) => sum + Number(size), 0);
  if (bytes > dataBytes)
    throw new AppError("CHECK_TOO_LARGE", { problem: `it has ${bytes} bytes, and at most ${dataBytes} are read` });
}

async function inTime<T>(
  { seconds }: CheckLimits,
  signal: AbortSignal,
  work: (ending: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = AbortSignal.timeout(seconds * 1_000);
  try {
    return await work(AbortSignal.any([signal, deadline]));
  } catch (error) {
    if (!deadline.aborted || signal.aborted) throw error;
    const problem = `reading it takes longer than ${seconds} seconds`;
    throw new AppError("CHECK_TOO_LARGE", { problem }, { cause: error });
  }
}

interface Means {
  readonly blobs: BlobReader;
  readonly limits: CheckLimits;
}

async function checkAlone(means: Means, { config, snapshots }: Checkable, ending: AbortSignal): Promise<DescribedData> {
  const scratch = makeScratch("check");
  // As the child's own working directory is told to it, without links.
  const directory = await realpath(scratch.path);
  try {
    const paths: string[] = [];
    for (const [index, { name, blake3 }] of snapshots.entries()) {
      const path = await placeSnapshot(directory, index, name);
      await copyBlob(means.blobs, blake3, path, ending);
      paths.push(path);
    }
    return await runChild({ config, paths, limits: means.limits, parent: process.pid }, directory, ending);
  } finally {
    await scratch.remove();
  }
}

async function copyBlob(blobs: BlobReader, blake3: string, path: string, ending: AbortSignal): Promise<void> {
  const file = await open(path, "wx");
  try {
    for await (const chunk of blobs.read(blake3)) {
      ending.throwIfAborted();
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
}
