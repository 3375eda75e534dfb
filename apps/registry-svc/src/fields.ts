/**
 * Checks of the plain fields of requests.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { jsonValues } from "@mintmark/http-edge/json-values";

/** @throws AppError `REQUEST_INVALID` if the text is too long or cannot be stored as it is */
export function requireText(field: string, text: string, maxLength: number): string {
  if (text.length > maxLength) throw invalid(field, `must have at most ${maxLength} characters, got ${text.length}`);
  if (!text.isWellFormed() || text.includes("\0")) throw invalid(field, "must be valid Unicode without NUL characters");
  return text;
}

/** @throws AppError `REQUEST_INVALID` if there are more than `most`, or fewer than `least` */
export function requireCount(field: string, count: number, most: number, least = 0): void {
  if (count >= least && count <= most) return;
  const range = least === 0 ? `at most ${most}` : `${least} to ${most}`;
  throw invalid(field, `must have ${range} entries, got ${count}`);
}

/**
 * JSON within a text field, before it is parsed: 20 MB of `{},{},…` took 15 s.
 * @throws AppError `REQUEST_INVALID` if it holds too many values
 */
export function requireFewValues(field: string, json: string): void {
  const count = jsonValues(Buffer.from(json), maxJsonValues);
  if (count > maxJsonValues)
    throw invalid(field, `must hold at most ${maxJsonValues} values (objects, lists and their items), and has more`);
}

const maxJsonValues = 200_000;

/**
 * Tags, parameters and the like.
 * @param what one of them
 * @throws AppError `REQUEST_INVALID`
 */
export function requireEntries<T extends Readonly<Record<string, string>>>(
  what: string,
  entries: T,
  maxValue: number,
): T {
  for (const [key, value] of Object.entries(entries)) {
    requireEntryKey(what, key);
    requireText(`value of ${what} ${key}`, value, maxValue);
  }
  return entries;
}

/** @throws AppError `REQUEST_INVALID` */
export function requireEntryKey(what: string, key: string): string {
  if (key === "") throw invalid(`${what} key`, "must not be empty");
  return requireText(`${what} key`, key, 250);
}

/**
 * The name of a snapshot, a relative path: its last part is what the file is called wherever it is put, and in links to it.
 * @throws AppError `REQUEST_INVALID`
 */
export function requireSnapshotName(field: string, name: string, maxLength: number): string {
  requireText(field, name, maxLength);
  if (/(?:^|[\\/])\.{1,2}$/.test(name)) throw invalid(field, `must end with the name of a file, got '${name}'`);
  return name;
}

/** Of models and of versions. @throws AppError `REQUEST_INVALID` */
export function requireTags(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return requireEntries("tag", tags, 100_000);
}

/** The greatest number that a version can be asked to have, so that there are always numbers left after it. */
export const maxVersionNumber = 1_000_000_000;

/** What a message quotes of a text that may be long. */
export function beginningOf(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

/** To be thrown. */
export function invalid(field: string, problem: string): AppError {
  return new AppError("REQUEST_INVALID", { field, problem });
}
