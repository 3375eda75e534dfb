/**
 * Bodies of JSON, read where they do not hold up others: small ones here, large ones in a thread. Their size, and how many
 * values they have, are bounded before that, so that a thread is enough.
 * @module
 */
import { Worker } from "node:worker_threads";
import { AppError, type Detail, type Reason } from "@mintmark/errors";
import type { ReadOutcome, ReadTask } from "./json-thread.ts";
import { MlflowError } from "./mlflow-error.ts";
import { readJson } from "./read-json.ts";

export interface JsonReader {
  /** @throws as {@link readJson} */
  readonly read: (pieces: readonly Uint8Array[], maxValues: number) => Promise<unknown>;
  readonly close: () => void;
}

/** A fraction of a millisecond. */
const hereBytes = 32 * 1024;

export function openJsonReader(): JsonReader {
  const pending = new Map<number, PromiseWithResolvers<unknown>>();
  let worker: Worker | undefined;
  let last = 0;

  const started = (): Worker => {
    const thread = new Worker(new URL("./json-thread.ts", import.meta.url));
    thread.on("message", (outcome: ReadOutcome) => {
      const waiting = pending.get(outcome.id);
      pending.delete(outcome.id);
      if ("value" in outcome) waiting?.resolve(outcome.value);
      else waiting?.reject(failureOf(outcome));
    });
    const ended = (how: string) => {
      if (worker === thread) worker = undefined;
      for (const { reject } of pending.values()) reject(new Error(`the thread that reads bodies has ended: ${how}`));
      pending.clear();
    };
    thread.on("error", (error) => ended(String(error)));
    thread.on("exit", (code) => ended(`code ${code}`));
    return thread;
  };

  return {
    read: async (pieces, maxValues) => {
      const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
      if (bytes <= hereBytes) return readJson(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces), maxValues);
      worker ??= started();
      const id = ++last;
      const waiting = Promise.withResolvers<unknown>();
      pending.set(id, waiting);
      worker.postMessage({ id, pieces, maxValues } satisfies ReadTask);
      return waiting.promise;
    },
    close: () => void worker?.terminate(),
  };
}

function failureOf(outcome: Exclude<ReadOutcome, { readonly value: unknown }>): Error {
  if ("invalid" in outcome) return new MlflowError("INVALID_PARAMETER_VALUE", outcome.invalid);
  if ("reason" in outcome) return new AppError(outcome.reason, outcome.detail as Detail<Reason>);
  return new Error(`a body could not be read: ${outcome.broken}`);
}
