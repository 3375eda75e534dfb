/**
 * Which names of models and aliases are valid: the one rule, of the registry, and of whoever checks before anything is
 * uploaded.
 * @module
 */

/** `catalog`, `schema` and `model` of a name of three parts; else the whole name. */
export function modelNameParts(name: string): readonly string[] {
  const parts = name.split(".");
  return parts.length === 3 && !parts.includes("") ? parts : [name];
}

/** The model within its schema. */
export function shortName(model: string): string {
  return modelNameParts(model).at(-1)!;
}

/** What is wrong with a model's name, in words; undefined if nothing is. */
export function modelNameProblem(name: string): string | undefined {
  return modelNameParts(name).map(partProblem).find(Boolean);
}

/** What is wrong with an alias, in words; undefined if nothing is. */
export function aliasProblem(alias: string): string | undefined {
  const problem = partProblem(alias);
  if (problem !== undefined) return problem;
  // What would read as something else in a URI.
  if (alias.includes("@")) return "must not contain '@'";
  if (alias.toLowerCase() === "latest") return "is reserved: it is always the highest version";
  if (/^v?\d+$/i.test(alias)) return "must not look like a version number";
  return undefined;
}

const maxBytes = 255;

function partProblem(part: string): string | undefined {
  if (part.trim() === "") return "must not be blank";
  if (!part.isWellFormed()) return "is not valid Unicode";
  if (/[/:]/.test(part)) return "must not contain '/' or ':'";
  // As a path, which clients make of it, it would be another one.
  if (part === "." || part === "..") return "must not be '.' or '..'";
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(part)) return "must not contain control characters";
  if (part.normalize("NFC") !== part) return "must be in Unicode normal form C (NFC)";
  if (new TextEncoder().encode(part).length > maxBytes) return `must have at most ${maxBytes} bytes`;
  return undefined;
}
