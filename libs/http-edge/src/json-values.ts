/**
 * How much a JSON text holds, before it is parsed: a few bytes of text can become a hundred bytes of memory.
 * @module
 */

/**
 * How many values, names of objects aside: one for each comma and each object or list that is opened, and one. Stops
 * counting beyond `most`. Linear, and without memory of its own; what is no JSON gives some number.
 * @param text in UTF-8
 */
export function jsonValues(text: Uint8Array, most: number): number {
  let count = 1;
  let inString = false;
  for (let at = 0; at < text.length && count <= most; at++) {
    const byte = text[at]!;
    if (byte === backslash) at++;
    else if (byte === quote) inString = !inString;
    else if (!inString && (byte === comma || byte === openBrace || byte === openBracket)) count++;
  }
  return count;
}

/** Whether lists and objects lie more than `most` deep in each other. Linear, as {@link jsonValues}. */
export function isDeeper(text: Uint8Array, most: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at]!;
    if (byte === backslash) at++;
    else if (byte === quote) inString = !inString;
    else if (inString) continue;
    else if (byte === openBrace || byte === openBracket) {
      depth++;
      if (depth > most) return true;
    } else if (byte === closeBrace || byte === closeBracket) depth--;
  }
  return false;
}

const quote = 0x22;
const comma = 0x2c;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
