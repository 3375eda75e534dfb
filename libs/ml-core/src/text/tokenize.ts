/**
 * Words of a text, exactly as onnxruntime makes them of StringNormalizer (LOWER, locale "C") and StringSplit: A–Z become
 * a–z and nothing else changes, and only the space U+0020 separates; tabs, line ends and punctuation stay in the word.
 * (Tried on onnxruntime 1.31: É, İ, no-break space, tab, line feed and U+3000 all pass through unchanged.)
 * @module
 */

/** Never holds an empty word. */
export function tokenize(text: string): string[] {
  return lowerAscii(text)
    .split(" ")
    .filter((word) => word !== "");
}

/**
 * Runs of `min` to `max` neighbouring words, joined by one space: all shorter ones first, each in the order of the text.
 */
export function nGrams(words: readonly string[], min: number, max: number): string[] {
  const grams: string[] = [];
  for (let length = min; length <= max; length++)
    for (let at = 0; at + length <= words.length; at++) grams.push(words.slice(at, at + length).join(" "));
  return grams;
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
