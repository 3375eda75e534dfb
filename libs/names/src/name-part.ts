/**
 * What every name keeps to, a part of a model's as well as an alias.
 * @module
 */

const maxBytes = 255;
const tooLong = `must have at most ${maxBytes} bytes`;

/** What is wrong with it, in words; undefined if nothing is. */
export function partProblem(part: string): string | undefined {
  // At once, however long it is: what follows looks at every character.
  if (part.length > maxBytes) return tooLong;
  if (part.trim() === "") return "must not be blank";
  if (!part.isWellFormed()) return "is not valid Unicode";
  if (/[/:]/.test(part)) return "must not contain '/' or ':'";
  // As a path, which clients make of it, it would be another one.
  if (part === "." || part === "..") return "must not be '.' or '..'";
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(part)) return "must not contain control characters";
  if (part.normalize("NFC") !== part) return "must be in Unicode normal form C (NFC)";
  if (new TextEncoder().encode(part).length > maxBytes) return tooLong;
  return undefined;
}
