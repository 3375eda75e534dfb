/**
 * What the texts that reach a graph mean.
 *
 * onnxruntime takes the `str` of whatever a pandas column holds: NaN comes as `nan`, None as `None`, True as `True`, 1001 as
 * `1001`, and as `1001.0` once a value of the column is missing. A graph that knows these spellings answers a frame as the
 * gateway answers the file that the frame was read from.
 * @module
 */
import { isBooleanWord } from "@mintmark/columns/boolean-text";
import { type ColumnSchema, missingOf, type TableSchema } from "@mintmark/columns/column-schema";
import { pythonMissing } from "@mintmark/columns/missing";
import { parseNumber } from "@mintmark/columns/number-text";

/** The part of an encoder of texts that says which there are. */
export interface TextCategories {
  /** The missing value is "", if training saw it. */
  readonly categories: readonly string[];
  /** The category that stands in for a missing value; null or absent if none does. */
  readonly fill?: string | null;
}

export interface TextSpellings {
  /** By spelling, the index of the category that it means; what is not here is unknown. The categories come first. */
  readonly indices: ReadonlyMap<string, number>;
  /** What else than texts is taken, because all categories are booleans, or some are numbers. */
  readonly spells: NonNullable<ColumnSchema["spells"]>;
}

/**
 * A text that training saw is that category, whatever else it may spell. What two categories could be meant by is unknown.
 * @param table whose `missing` are the spellings of "no value"
 */
export function spellingsOf({ categories, fill }: TextCategories, table: Pick<TableSchema, "missing">): TextSpellings {
  const indices = new Map(categories.map((category, index) => [category, index]));
  const missing = missingSpellings(table).filter((spelling) => !indices.has(spelling));
  const standIn = indices.get("") ?? indices.get(fill ?? "");
  if (standIn !== undefined) for (const spelling of missing) indices.set(spelling, standIn);

  const present = categories.filter((category) => category !== "");
  const isBoolean = present.length > 0 && present.every(isBooleanWord);
  const meanings = [
    ...(isBoolean ? categories.entries().flatMap(([index, word]) => entriesOf(index, booleanSpellings(word))) : []),
    ...categories.entries().flatMap(([index, text]) => entriesOf(index, numberSpellings(text))),
    ...missing.flatMap((text) => entriesOf(standIn, numberSpellings(text))),
  ];
  const known = new Set([...indices.keys(), ...missing]);
  for (const [spelling, index] of unambiguous(meanings)) if (!known.has(spelling)) indices.set(spelling, index);

  const isSomeNumber = present.some((category) => parseNumber(category) !== undefined);
  return {
    indices,
    spells: [...(isSomeNumber ? ["number" as const] : []), ...(isBoolean ? ["boolean" as const] : [])],
  };
}

/** Everything that means "no value", from a file as from Python. */
export function missingSpellings(table: Pick<TableSchema, "missing">): string[] {
  return [...new Set(["", " ", ...missingOf(table), ...pythonMissing])];
}

/** The words that pandas takes for the same boolean. */
function booleanSpellings(text: string): string[] {
  const word = text.toLowerCase();
  return isBooleanWord(text) ? [word, `${word[0]!.toUpperCase()}${word.slice(1)}`, word.toUpperCase()] : [];
}

/** How the number that the text writes is spelled from a column of integers, by JavaScript and Python, and of floats. */
function numberSpellings(text: string): string[] {
  const number = parseNumber(text);
  return number === undefined ? [] : [String(number), pythonFloat(number)];
}

/** Python's `repr` of a float: as many digits as JavaScript writes, but an exponent from 1e16 and below 1e-4, and `.0`. */
function pythonFloat(number: number): string {
  if (!Number.isFinite(number)) return number < 0 ? "-inf" : "inf";
  const [mantissa, exponent] = number.toExponential().split("e");
  if (Number(exponent) >= -4 && Number(exponent) < 16) return Number.isInteger(number) ? `${number}.0` : String(number);
  return `${mantissa}e${exponent![0]}${exponent!.slice(1).padStart(2, "0")}`;
}

type Meaning = readonly [spelling: string, index: number | undefined];

function entriesOf(index: number | undefined, spellings: readonly string[]): Meaning[] {
  return spellings.map((spelling) => [spelling, index]);
}

function unambiguous(meanings: Iterable<Meaning>): [string, number][] {
  const found = new Map<string, number | undefined>();
  for (const [spelling, index] of meanings)
    found.set(spelling, !found.has(spelling) || found.get(spelling) === index ? index : undefined);
  return [...found].filter((entry): entry is [string, number] => entry[1] !== undefined);
}
