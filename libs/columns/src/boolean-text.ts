/**
 * Booleans that are written as text, in columns that are booleans by their type.
 * @module
 */

const words: ReadonlyMap<string, boolean> = new Map([
  ...["true", "t", "yes", "y", "1", "1.0"].map((word) => [word, true] as const),
  ...["false", "f", "no", "n", "0", "0.0"].map((word) => [word, false] as const),
]);

/** Without regard to case and to blanks around; undefined if the text is neither true nor false. */
export function parseBoolean(text: string): boolean | undefined {
  return words.get(text.trim().toLowerCase());
}

/** What pandas takes for a boolean column: `true` and `false`, in capitals or not. */
export function isBooleanWord(text: string): boolean {
  return /^(true|false)$/i.test(text);
}
