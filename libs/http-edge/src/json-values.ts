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

const quote = 0x22;
const comma = 0x2c;
const openBracket = 0x5b;
const backslash = 0x5c;
const openBrace = 0x7b;
