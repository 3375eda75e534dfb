/**
 * A file that somebody brings, with the training file that they would write and the way in which they read it in Python.
 * @module
 */

export interface Table {
  readonly name: string;
  readonly csv: string;
  /** Of the training file, without `model` and `data.source`. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly algorithm: Readonly<Record<string, unknown>>;
  readonly rest?: Readonly<Record<string, unknown>>;
  /** Arguments of `pandas.read_csv` without which pandas reads the file otherwise than its owner means it. */
  readonly pandas?: Readonly<Record<string, unknown>>;
}

/** Numbers of 0 to 1 that are the same on every day: what stands in a fixture is made, not drawn. */
export function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export interface Writing {
  readonly delimiter?: string;
  /** Whether every text stands in quotes. */
  readonly quotes?: boolean;
  readonly line?: string;
}

/** RFC 4180, with the habits of whoever wrote it; null is an empty cell. */
export function csvOf(
  names: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
  { delimiter = ",", quotes = false, line = "\n" }: Writing = {},
): string {
  const cell = (value: string | number | null) => {
    if (value === null) return "";
    if (typeof value === "number") return String(value);
    return quotes || /["\n\r]/.test(value) || value.includes(delimiter) ? `"${value.replaceAll('"', '""')}"` : value;
  };
  return [names, ...rows].map((row) => row.map(cell).join(delimiter) + line).join("");
}
