/**
 * The one order of text: by Unicode code point, as UTF-8 bytes, SQL's C collation and Python sort.
 * @module
 */

/** For `sort`. JavaScript's own `<` compares UTF-16 units, which puts 😀 (a surrogate pair) before U+FF5E. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return ranked(left) - ranked(right);
  }
  return a.length - b.length;
}

/** UTF-16 unit, with the surrogates (code points above U+FFFF) moved behind all others. */
function ranked(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
