/**
 * The words of the search grammar.
 * @module
 */
import { createToken, Lexer, type TokenType } from "chevrotain";

/**
 * `name`, `tags.team`, `` tags.`any key` ``, `tags."any key"`, `tags.'any key'`: the first dot ends the entity, a key may have more of them.
 * Everything beyond ASCII counts as a letter, each half of a surrogate pair as one.
 */
export const field = createToken({
  name: "Field",
  label: "a field such as name or tags.KEY",
  pattern:
    /(?:`[^`]+`|[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)(?:\.(?:`[^`]+`|"[^"]+"|'[^']+'|[\w\u0080-\uffff/-][\w\u0080-\uffff./-]*))?/,
  line_breaks: true,
});
const numberlike = createToken({
  name: "Numberlike",
  pattern: /[+-]?\.?\d(?:[eE][+-]|[\w\u0080-\uffff.])*/,
});
export const number = createToken({
  name: "Number",
  label: "a number",
  pattern: /[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/,
  // What goes on like a word is no number: to look ahead for that here would read the digits again from each of them.
  longer_alt: numberlike,
});
export const singleQuoted = createToken({
  name: "SingleQuoted",
  label: "a quoted text",
  pattern: /'(?:[^']|'')*'/,
  line_breaks: true,
});
/** As a value the same as in single quotes; at the left of a comparator a field. */
export const doubleQuoted = createToken({
  name: "DoubleQuoted",
  label: "a quoted text",
  pattern: /"(?:[^"]|"")*"/,
  line_breaks: true,
});
export const comparison = createToken({
  name: "Comparison",
  label: "a comparator such as =",
  pattern: /(?:[<>!]=|[=<>])(?![=<>!])/,
});
export const open = createToken({ name: "Open", label: "'('", pattern: /\(/ });
export const close = createToken({ name: "Close", label: "')'", pattern: /\)/ });
export const comma = createToken({ name: "Comma", label: "','", pattern: /,/ });

export const and = keyword("AND");
export const not = keyword("NOT");
export const inList = keyword("IN");
export const is = keyword("IS");
export const nothing = keyword("NULL");
export const like = keyword("LIKE");
export const ilike = keyword("ILIKE");
export const ascending = keyword("ASC");
export const descending = keyword("DESC");

/** Keywords come before fields, which they would be otherwise. */
export const tokens: TokenType[] = [
  createToken({ name: "Space", pattern: /\s+/, group: Lexer.SKIPPED }),
  ...[and, not, inList, is, nothing, like, ilike, ascending, descending],
  ...[field, number, numberlike, singleQuoted, doubleQuoted, comparison, open, close, comma],
];

/** Only the first mistake is told; to go on from each of many takes longer with each. */
export const lexer = new Lexer(tokens, { positionTracking: "onlyOffset", recoveryEnabled: false });

/** One only where the word ends with it: `android` is a field. */
function keyword(word: string): TokenType {
  return createToken({ name: word, label: word, pattern: new RegExp(word, "i"), longer_alt: field });
}
