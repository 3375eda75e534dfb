/**
 * Points in time as requests give them.
 * @module
 */
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { invalid } from "./fields.ts";

/** The years 1 to 9999, which Postgres and JSON can show. */
const firstMs = Date.parse("0001-01-01T00:00:00Z");
const lastMs = Date.parse("9999-12-31T23:59:59.999Z");

/** Milliseconds since 1970, what is finer left off. @throws AppError REQUEST_INVALID */
export function millisecondsOf(field: string, { seconds, nanos }: Timestamp): number {
  // Not timestampMs: it rounds, also into the year 10000.
  const ms = Number(seconds) * 1000 + Math.floor(nanos / 1e6);
  if (!(ms >= firstMs && ms <= lastMs)) throw invalid(field, `must be within the years 1 to 9999, got ${ms} ms`);
  return ms;
}

/** Null if not stated. @throws AppError REQUEST_INVALID */
export function dateOf(field: string, time: Timestamp | undefined): Date | null {
  return time === undefined ? null : new Date(millisecondsOf(field, time));
}
