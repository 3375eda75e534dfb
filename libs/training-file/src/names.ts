/**
 * Which names of models and aliases are valid, so that a file is refused before anything is uploaded.
 * The registry checks again; it is the authority.
 * @module
 */

/** What is wrong with a model's name; undefined if nothing is. */
export function modelNameProblem(name: string): string | undefined {
  if (name.trim() === "") return "must not be blank";
  if (/[/:]/.test(name)) return 'must not contain "/" or ":"';
  if (/\p{Cc}/u.test(name)) return "must not contain control characters";
  if (!name.isWellFormed() || name !== name.normalize("NFC")) return "must be Unicode in its composed form (NFC)";
  const parts = partsOf(name);
  if (parts.some((part) => new TextEncoder().encode(part).length > 255)) return "must be at most 255 bytes a part";
  return undefined;
}

/** What is wrong with an alias; undefined if nothing is. */
export function aliasProblem(alias: string): string | undefined {
  if (alias.trim() === "") return "must not be blank";
  if (/[@/:]/.test(alias) || /\p{Cc}/u.test(alias)) return 'must not contain "@", "/", ":" or control characters';
  if (alias.length > 255) return "must be at most 255 characters";
  if (alias.toLowerCase() === "latest") return "is reserved: it is always the highest version";
  if (/^\d+$/.test(alias)) return "must not be a number: that is how versions are named";
  return undefined;
}

/** The model within its schema: the last part of a name of three parts, else the whole name. */
export function shortName(model: string): string {
  return partsOf(model).at(-1)!;
}

function partsOf(name: string): string[] {
  const parts = name.split(".");
  return parts.length === 3 && parts.every((part) => part !== "") ? parts : [name];
}
