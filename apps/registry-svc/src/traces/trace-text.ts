/**
 * Checks of what is said about traces.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { requireText } from "../fields.ts";

const maxKey = 250;
const maxValue = 8_000;

/** @throws AppError REQUEST_INVALID */
export function requireTraceTag(key: string, value: string): void {
  if (key === "") throw new AppError("REQUEST_INVALID", { field: "key", problem: "must not be empty" });
  requireText("key", key, maxKey);
  requireText(`value of ${key}`, value, maxValue);
}

/** Of tags, and of metadata. @throws AppError REQUEST_INVALID */
export function requireTraceTags(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [key, value] of Object.entries(tags)) requireTraceTag(key, value);
  return tags;
}

/** @throws AppError REQUEST_INVALID */
export function requireTraceId(id: string): string {
  if (id === "") throw new AppError("REQUEST_INVALID", { field: "id", problem: "must not be empty" });
  return requireText("id", id, 250);
}
