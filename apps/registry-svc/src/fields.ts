/**
 * Checks of the plain fields of requests.
 * @module
 */
import { AppError } from "@mintmark/errors";

/** @throws AppError `REQUEST_INVALID` if the text is too long or cannot be stored as it is */
export function requireText(field: string, text: string, maxLength: number): string {
  if (text.length > maxLength) throw invalid(field, `must have at most ${maxLength} characters, got ${text.length}`);
  if (!text.isWellFormed() || text.includes("\0")) throw invalid(field, "must be valid Unicode without NUL characters");
  return text;
}

/** @throws AppError `REQUEST_INVALID` */
export function requireTags(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [key, value] of Object.entries(tags)) requireTag(key, value);
  return tags;
}

/** @throws AppError `REQUEST_INVALID` */
export function requireTag(key: string, value: string): void {
  if (key === "") throw invalid("key", "must not be empty");
  requireText("key", key, 250);
  requireText(`value of ${key}`, value, 100_000);
}

/** A version number fits int4; a greater one names no version, and no statement should fail over it. */
export function isVersionNumber(number: number): boolean {
  return Number.isSafeInteger(number) && number >= 1 && number <= 2_147_483_647;
}

/** The greatest number that a version can be asked to have, so that there are always numbers left after it. */
export const maxVersionNumber = 1_000_000_000;

function invalid(field: string, problem: string): AppError {
  return new AppError("REQUEST_INVALID", { field, problem });
}
