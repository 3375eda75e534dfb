/**
 * The identity of a run: 32 hex digits outside, a UUID in the database.
 * @module
 */
import { AppError } from "@mintmark/errors";

/**
 * As the database takes it. Text that can be no run's id is treated like the id of none.
 * @throws AppError RUN_NOT_FOUND
 */
export function parseRunId(text: string): string {
  if (!isRunId(text)) throw new AppError("RUN_NOT_FOUND", { run: text });
  return text;
}

/** Whether a run could have it. In lower case only: an id is compared as text by others, so each has one spelling. */
export function isRunId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

export function formatRunId(uuid: string): string {
  return uuid.replaceAll("-", "");
}
