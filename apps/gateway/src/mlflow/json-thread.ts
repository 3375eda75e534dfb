/**
 * The thread in which large bodies are read.
 * @module
 */
import { parentPort } from "node:worker_threads";
import { AppError, type Reason } from "@mintmark/errors";
import { MlflowError } from "./mlflow-error.ts";
import { readJson } from "./read-json.ts";

export interface ReadTask {
  readonly id: number;
  readonly pieces: readonly Uint8Array[];
  readonly maxValues: number;
}

export type ReadOutcome = { readonly id: number } & (
  | { readonly value: unknown }
  | { readonly invalid: string }
  | { readonly reason: Reason; readonly detail: unknown }
  | { readonly broken: string }
);

parentPort!.on("message", ({ id, pieces, maxValues }: ReadTask) => {
  parentPort!.postMessage({ id, ...outcomeOf(pieces, maxValues) } satisfies ReadOutcome);
});

function outcomeOf(pieces: readonly Uint8Array[], maxValues: number) {
  try {
    return { value: readJson(Buffer.concat(pieces), maxValues) };
  } catch (error) {
    if (error instanceof MlflowError) return { invalid: error.message };
    if (error instanceof AppError) return { reason: error.reason, detail: error.detail };
    return { broken: String((error as Error).stack ?? error) };
  }
}
