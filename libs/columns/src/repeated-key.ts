/**
 * A key that an object of a JSON text has twice. JSON.parse keeps the later one and says nothing (RFC 8259 §4 calls that
 * unpredictable); in a row it would leave it to us which of two values counts.
 * @module
 */
/**
 * The first such key; undefined if there is none. Linear in the text.
 * @param text that JSON.parse has taken
 */
export function repeatedKey(text: string): string | undefined {
  /** Of each object and list that is open: the keys so far; null for a list. */
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case openBrace:
        open.push(new Set());
        break;
      case openBracket:
        open.push(null);
        break;
      case closeBrace:
      case closeBracket:
        open.pop();
        break;
      case quote: {
        const end = endOfString(text, at);
        const known = open.at(-1);
        if (known !== null && known !== undefined && isKey(text, end + 1)) {
          const literal = text.slice(at, end + 1);
          const key = literal.includes("\\") ? (JSON.parse(literal) as string) : literal.slice(1, -1);
          if (known.has(key)) return key;
          known.add(key);
        }
        at = end;
      }
    }
  }
  return undefined;
}

const quote = 0x22;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Where the string of a JSON text that begins at `start` ends: at the first quote that no odd number of backslashes stands
 * before, or with the text.
 */
export function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    const code = text.charCodeAt(at);
    if (code === quote || Number.isNaN(code)) return at;
    if (code === backslash) at++;
  }
}

/** A string of an object is a key if a colon follows. */
function isKey(text: string, from: number): boolean {
  let at = from;
  for (let code = text.charCodeAt(at); code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d; )
    code = text.charCodeAt(++at);
  return text.charCodeAt(at) === colon;
}
