/**
 * Points in time as requests give them.
 * @module
 */
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { AppError } from "@mintmark/errors";

/** The years 1 to 9999, which Postgres and JSON can show. */
const firstMs = Date.parse("0001-01-01T00:00:00Z");
const lastMs = Date.parse("9999-12-31T00:00:00Z");

/** Null if not stated. @throws AppError REQUEST_INVALID */
export function dateOf(field: string, time: Timestamp | undefined): Date | null {
  if (time === undefined) return null;
  const ms = Math.floor(timestampMs(time));
  if (!(ms >= firstMs && ms <= lastMs))
    throw new AppError("REQUEST_INVALID", { field, problem: `must be within the years 1 to 9999, got ${ms} ms` });
  return new Date(ms);
}

/** Milliseconds since 1970 of a point of a metric, where any number is a time. @throws AppError REQUEST_INVALID */
export function millisecondsOf(time: Timestamp): number {
  const ms = Math.floor(timestampMs(time));
  if (!Number.isSafeInteger(ms))
    throw new AppError("REQUEST_INVALID", { field: "metrics.time", problem: `must be below 2^53 ms, got ${ms}` });
  return ms;
}
