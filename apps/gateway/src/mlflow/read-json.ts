/**
 * A body of JSON as MLflow's clients mean it, in time and memory that its length bounds: one pass over the bytes, then the
 * parser of the language.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { isDeeper, jsonValues } from "@mintmark/http-edge/json-values";
import { MlflowError } from "./mlflow-error.ts";

/**
 * As `JSON.parse`, but whole numbers that a double cannot hold stay what they are, as text: the steps and times of clients
 * have 64 bits. Halves of characters are refused: they would be stored as something else, and two names become one.
 * An empty body has no fields.
 * @param maxValues how many values it may have
 * @throws MlflowError if it is no JSON, or would not be kept as it is; AppError BODY_VALUES_TOO_MANY
 */
export function readJson(body: Uint8Array, maxValues: number): unknown {
  if (body.length === 0) return {};
  if (jsonValues(body, maxValues) > maxValues) throw new AppError("BODY_VALUES_TOO_MANY", { limit: maxValues });
  if (isDeeper(body, maxDepth))
    throw new MlflowError(
      "INVALID_PARAMETER_VALUE",
      `The body's lists and objects lie more than ${maxDepth} deep in each other.`,
    );
  const text = textOf(withLongNumbersAsText(body));
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new MlflowError("INVALID_PARAMETER_VALUE", `The body is not JSON: ${(error as SyntaxError).message}`);
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw notUnicode("it is not UTF-8");
  }
}

/** No message of MLflow's has more than some; a value that is passed between threads may not have many thousands. */
const maxDepth = 100;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** @throws MlflowError for half a character, which only an escape can write in UTF-8 */
function withLongNumbersAsText(body: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let taken = 0;
  let inString = false;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at]!;
    if (byte === quote) inString = !inString;
    else if (inString) {
      if (byte === backslash) at = endOfEscape(body, at);
    } else if (byte === minus || isDigit(byte)) {
      const end = endOfNumber(body, at);
      if (isRounded(body, at, end)) {
        parts.push(body.subarray(taken, at), quotes, body.subarray(at, end), quotes);
        taken = end;
      }
      at = end - 1;
    }
  }
  return parts.length === 0 ? body : Buffer.concat([...parts, body.subarray(taken)]);
}

const quote = 0x22;
const backslash = 0x5c;
const minus = 0x2d;
const quotes = Uint8Array.of(quote);
/** What numbers consist of: `+-.0123456789Ee`. */
const ofNumbers: ReadonlySet<number> = new Set(Buffer.from("+-.0123456789Ee"));

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function endOfNumber(body: Uint8Array, from: number): number {
  let at = from;
  while (at < body.length && ofNumbers.has(body[at]!)) at++;
  return at;
}

/** Whether it is a whole number that a double does not hold; one that JSON does not know is left to its parser. */
function isRounded(body: Uint8Array, from: number, end: number): boolean {
  const first = body[from] === minus ? from + 1 : from;
  // The largest safe integer has 16 digits.
  if (end - first < 16 || (body[first] === 0x30 && end - first > 1)) return false;
  for (let at = first; at < end; at++) if (!isDigit(body[at]!)) return false;
  // However long it is, its first digits say how large.
  return end - first > 16 || !Number.isSafeInteger(Number(Buffer.from(body.subarray(first, end)).toString("latin1")));
}

/** The last byte of the escape that begins at `at`, and of the pair that it begins. */
function endOfEscape(body: Uint8Array, at: number): number {
  const unit = codeUnit(body, at);
  if (unit === undefined || unit < 0xd800 || unit > 0xdfff) return at + 1;
  const other = unit < 0xdc00 ? codeUnit(body, at + 6) : undefined;
  if (other === undefined || other < 0xdc00 || other > 0xdfff)
    throw notUnicode(`there is half a character at byte ${at}`);
  return at + 11;
}

/** Of `\uXXXX` at that place. */
function codeUnit(body: Uint8Array, at: number): number | undefined {
  if (body[at] !== backslash || body[at + 1] !== 0x75) return undefined;
  const digits = Buffer.from(body.subarray(at + 2, at + 6)).toString("latin1");
  return /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : undefined;
}

function notUnicode(problem: string): MlflowError {
  return new MlflowError("INVALID_PARAMETER_VALUE", `The body is not valid Unicode: ${problem}.`);
}
