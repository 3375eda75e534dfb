/**
 * Names of columns: the file's own, verbatim. What is the same but for case and blanks around is a repetition.
 * @module
 */

/** The first name that repeats an earlier one, and that one; undefined if none does. Empty names repeat nothing. */
export function repeatedName(
  names: readonly string[],
): { readonly first: string; readonly second: string } | undefined {
  const seen = new Map<string, string>();
  for (const name of names) {
    const folded = foldName(name);
    if (folded === "") continue;
    const first = seen.get(folded);
    if (first !== undefined) return { first, second: name };
    seen.set(folded, name);
  }
  return undefined;
}

/** Without blanks around and without case: what two names have in common that nobody would tell apart. */
export function foldName(name: string): string {
  return name.trim().toLowerCase();
}
