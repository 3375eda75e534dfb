/**
 * Numbers that are written as text.
 *
 * A number is digits with at most one decimal mark, an optional sign before and an optional exponent after it; or digits
 * in groups of three; or infinity. Blanks around do not count. What JavaScript and DuckDB take beyond that (`0x1f`,
 * `1_000`, the empty text) is none.
 * @module
 */

export interface NumberFormat {
  readonly decimal: "." | ",";
  /** What stands between groups of three digits; null if nothing may. */
  readonly thousands: string | null;
}

/** `1234.5` and `1,234.5`. */
export const pointFormat: NumberFormat = { decimal: ".", thousands: "," };
/** `1234,5` and `1.234,5`. */
export const commaFormat: NumberFormat = { decimal: ",", thousands: "." };

/** The number that the text writes; undefined if it writes none. May be infinite, never NaN. */
export function parseNumber(text: string, format: NumberFormat = pointFormat): number | undefined {
  const trimmed = text.trim();
  // A number begins with a digit, a sign or a mark, but for infinity: texts are turned away by their first letter.
  const code = trimmed.charCodeAt(0);
  if (!(code <= 57 || code === 73 || code === 105)) return undefined;
  if (format.decimal === "." && plain.test(trimmed)) return Number(trimmed);
  return parseMarked(trimmed, format);
}

/** Whether the text is a number in which a mark stands between groups of digits, so that its reading depends on the format. */
export function hasGroups(text: string, { thousands }: NumberFormat): boolean {
  return thousands !== null && /\d/.test(text) && text.trim().slice(1).includes(thousands);
}

const plain = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const infinite = /^([+-]?)inf(?:inity)?$/i;

function parseMarked(text: string, { decimal, thousands }: NumberFormat): number | undefined {
  const infinity = infinite.exec(text);
  if (infinity !== null) return infinity[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const [whole, fraction, ...rest] = text.split(decimal);
  if (rest.length > 0) return undefined;
  const joined = thousands === null ? whole! : withoutGroups(whole!, thousands);
  if (joined === undefined) return undefined;
  const point = fraction === undefined ? joined : `${joined}.${fraction}`;
  return plain.test(point) ? Number(point) : undefined;
}

/** The digits without the marks between them; undefined if the marks do not stand between groups of three. */
function withoutGroups(whole: string, thousands: string): string | undefined {
  // A blank in print is often one that does not break the line.
  const marked = thousands === " " ? whole.replace(/[\u00a0\u202f]/g, " ") : whole;
  if (!marked.includes(thousands)) return marked;
  const [first, ...groups] = marked.split(thousands);
  if (!/^[+-]?[1-9]\d{0,2}$/.test(first!) || !groups.every((group) => /^\d{3}$/.test(group))) return undefined;
  return first! + groups.join("");
}
