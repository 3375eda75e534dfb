/**
 * Missing is one thing: the spellings that mean "no value", in every column and by every door.
 * @module
 */
import { parseNumber } from "./number-text.ts";

/** What `pandas.read_csv` takes for missing (`pandas._libs.parsers.STR_NA_VALUES`, pandas 3.1). */
export const pandasMissing: readonly string[] = [
  "",
  "#N/A",
  "#N/A N/A",
  "#NA",
  "-1.#IND",
  "-1.#QNAN",
  "-NaN",
  "-nan",
  "1.#IND",
  "1.#QNAN",
  "<NA>",
  "N/A",
  "NA",
  "NULL",
  "NaN",
  "None",
  "n/a",
  "nan",
  "null",
];

/**
 * How onnxruntime spells a missing value of a pandas column of texts: it takes the `str` of NaN, None, NA and NaT.
 * A text that training saw as a value of its own is that value all the same.
 */
export const pythonMissing: readonly string[] = ["nan", "None", "<NA>", "NaT"];

/** The spellings as a set. The empty text is always among them. */
export function missingSet(spellings: readonly string[]): ReadonlySet<string> {
  return new Set(["", ...spellings]);
}

/** Whether a text of a column of texts means "no value": by a spelling as it stands, as pandas has it, or as one blank. */
export function isMissingText(text: string, missing: ReadonlySet<string>): boolean {
  return missing.has(text) || text === " ";
}

/** Whether a cell of a column of numbers, booleans or dates means "no value". Blanks around it do not count. */
export function isMissingCell(cell: string, missing: ReadonlySet<string>): boolean {
  return missing.has(cell) || missing.has(cell.trim());
}

/** The numbers among the spellings: a missing value may be written as one that cannot be, such as -200, also as -200.0. */
export function missingNumbers(spellings: readonly string[]): ReadonlySet<number> {
  return new Set(spellings.flatMap((spelling) => parseNumber(spelling) ?? []));
}
