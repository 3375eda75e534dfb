/**
 * The state of a fit as bytes, and for which fit it is: only the same algorithm, on the same rows, by the same program
 * may go on from it.
 * @module
 */
import { deserialize, serialize } from "node:v8";
import { createBlake3 } from "@mintmark/crypto/blake3";
import { hex, utf8 } from "@mintmark/crypto/bytes";
import type { Checkpoint } from "@mintmark/ml-core/base/fit-port";
import type { Column } from "@mintmark/ml-core/base/preprocessing";
import type { TrainingConfig } from "@mintmark/training-file";
import type { Rows } from "../steps/split.ts";
import { mintmarkVersion } from "../version.ts";

export interface FitState {
  readonly fit: Checkpoint;
  /** Of the iterations so far, so that the curve has no gap. */
  readonly losses: readonly LossPoint[];
}

export interface LossPoint {
  readonly iteration: number;
  readonly loss: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** Where the states of a job's fit are kept, as bytes. */
export interface Checkpoints {
  /** What an earlier attempt kept, if any. */
  readonly last: Uint8Array | undefined;
  readonly keep: (state: Uint8Array, iteration: number) => void;
}

/**
 * What decides the estimator, as 64 hex digits. The rows themselves are among it: a query may sample, a file behind a
 * URI may have changed, and trees of other rows would be silently wrong.
 */
export function fitKey({ algorithm, preprocess }: TrainingConfig, { columns, target }: Rows): string {
  const hasher = createBlake3();
  hasher.update(
    utf8(JSON.stringify([format, mintmarkVersion, algorithm, preprocess, columns.map(({ name }) => name)])),
  );
  for (const column of columns) for (const bytes of bytesOf(column)) hasher.update(bytes);
  if (target !== null) hasher.update(view(target.kind === "classes" ? target.labels : target.values));
  return hex(hasher.digest());
}

/** Goes up when states of before cannot be read any more. */
const format = 2;

/** Typed arrays stay what they are, to the last bit. */
export function encodeState(key: string, state: FitState): Uint8Array {
  return serialize({ key, ...state });
}

/** Null if the bytes are the state of another fit, or no state at all. */
export function decodeState(key: string, bytes: Uint8Array): FitState | null {
  try {
    const value = deserialize(bytes) as (FitState & { readonly key?: unknown }) | null;
    return value?.key === key ? { fit: value.fit, losses: value.losses } : null;
  } catch {
    return null;
  }
}

const textsAtOnce = 10_000;

function* bytesOf(column: Column): Generator<Uint8Array> {
  if (column.type === "number") return yield view(column.values);
  for (let at = 0; at < column.values.length; at += textsAtOnce)
    yield utf8(JSON.stringify(column.values.slice(at, at + textsAtOnce)));
}

function view({ buffer, byteOffset, byteLength }: Float64Array | Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
