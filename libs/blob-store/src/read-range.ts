/**
 * What to read of a blob, checked against its size.
 * @module
 */
import { AppError } from "@mintmark/errors";
import type { ReadOptions } from "./blob-store.ts";

export interface ResolvedRange {
  readonly offset: number;
  readonly length: number;
  /** True if it is all of the blob, so that its digest can be verified. */
  readonly whole: boolean;
}

/**
 * @param size how many bytes the store holds
 * @throws AppError BLOB_NOT_FOUND without a size, BLOB_CORRUPT for one that is not what it has to be, BLOB_RANGE_INVALID for bytes
 * that are not there
 */
export function resolveRange(blake3: string, size: number | undefined, range: ReadOptions): ResolvedRange {
  if (size === undefined) throw new AppError("BLOB_NOT_FOUND", { blake3 });
  if (range.size !== undefined && range.size !== size)
    throw new AppError("BLOB_CORRUPT", { blake3, problem: `are ${size} instead of ${range.size}` });
  const offset = range.offset ?? 0;
  const length = range.length ?? size - offset;
  if (!isCount(offset) || !isCount(length) || offset + length > size)
    throw new AppError("BLOB_RANGE_INVALID", { blake3, offset, length, size });
  return { offset, length, whole: length === size };
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
