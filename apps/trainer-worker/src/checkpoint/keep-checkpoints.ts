/**
 * Brings the states of a running fit to the registry, from the worker's side: the child's thread is busy. One at a time,
 * and of those that come meanwhile only the newest. A state that cannot be kept costs time after a crash, nothing else.
 * @module
 */
import { rm } from "node:fs/promises";
import { fileBlob, hashFile, type RegistryClient, uploadBlobs } from "@mintmark/registry-client";
import type { ChildCheckpoint, ChildLogLine } from "../child/messages.ts";

export interface CheckpointKeeper {
  readonly offer: (checkpoint: ChildCheckpoint) => void;
  /** Ends what is under way. */
  readonly close: () => Promise<void>;
}

export interface CheckpointKeeperOptions {
  readonly registry: RegistryClient;
  readonly runId: string;
  readonly attemptToken: string;
  readonly onLog: (line: ChildLogLine) => void;
}

export function keepCheckpoints(options: CheckpointKeeperOptions): CheckpointKeeper {
  const closing = new AbortController();
  let newest: ChildCheckpoint | undefined;
  let working: Promise<void> | undefined;
  const work = async () => {
    while (newest !== undefined && !closing.signal.aborted) {
      const checkpoint = newest;
      newest = undefined;
      const text = await keep(options, checkpoint, closing.signal).catch((error) => `no checkpoint kept: ${error}`);
      if (!closing.signal.aborted) options.onLog({ time: Date.now(), level: "debug", text });
      await rm(checkpoint.path, { force: true });
    }
    working = undefined;
  };
  return {
    offer: (checkpoint) => {
      if (newest !== undefined) void rm(newest.path, { force: true });
      newest = checkpoint;
      working ??= work();
    },
    close: async () => {
      closing.abort();
      await working;
    },
  };
}

async function keep(
  { registry, runId, attemptToken }: CheckpointKeeperOptions,
  { path, iteration }: ChildCheckpoint,
  signal: AbortSignal,
): Promise<string> {
  const digests = await hashFile(path);
  await uploadBlobs(registry, [fileBlob(path, digests)], { signal });
  await registry.attempts.saveCheckpoint({ runId, attemptToken, blake3: digests.blake3 }, { signal });
  return `kept a checkpoint at iteration ${iteration}, ${digests.size} bytes`;
}
