/**
 * The identity of a logged model: `m-` and 32 hex digits outside, a UUID in the database. By the `m-`, clients tell
 * `models:/m-…` from a name.
 * @module
 */
import { AppError } from "@mintmark/errors";

/**
 * As the database takes it. Text that can be no logged model's id is treated like the id of none.
 * @throws AppError LOGGED_MODEL_NOT_FOUND
 */
export function parseLoggedModelId(text: string): string {
  if (!isLoggedModelId(text)) throw new AppError("LOGGED_MODEL_NOT_FOUND", { id: text });
  return text.slice(2);
}

/** Whether a logged model could have it: in lower case only, as ids of runs. */
export function isLoggedModelId(text: string): boolean {
  return /^m-[0-9a-f]{32}$/.test(text);
}

export function formatLoggedModelId(uuid: string): string {
  return `m-${uuid.replaceAll("-", "")}`;
}
