/**
 * Checks of what is said about traces.
 * @module
 */
import { invalid, requireEntries, requireText } from "../fields.ts";

/** @throws AppError REQUEST_INVALID */
export function requireTraceEntries<T extends Readonly<Record<string, string>>>(
  what: "tag" | "metadata",
  entries: T,
): T {
  return requireEntries(what, entries, 8_000);
}

/** @throws AppError REQUEST_INVALID */
export function requireTraceId(id: string): string {
  if (id === "") throw invalid("id", "must not be empty");
  return requireText("id", id, 250);
}
