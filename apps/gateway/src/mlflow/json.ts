/**
 * Values as MLflow's answers have them.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { MlflowError } from "./mlflow-error.ts";

/** A body of JSON; an empty one has no fields. @throws MlflowError if it is no JSON, or would not be kept as it is */
export function readBody(body: Uint8Array): unknown {
  if (body.length === 0) return {};
  try {
    return parseJson(utf8.decode(body));
  } catch (error) {
    if (error instanceof MlflowError) throw error;
    if (error instanceof SyntaxError)
      throw new MlflowError("INVALID_PARAMETER_VALUE", `The body is not JSON: ${error.message}`);
    throw notUnicode("it is not UTF-8");
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * As `JSON.parse`, but whole numbers that a double cannot hold stay what they are, as text: the steps and times of clients
 * have 64 bits. Halves of characters are refused: they would be stored as something else, and two names become one.
 * @throws SyntaxError, MlflowError
 */
export function parseJson(text: string): unknown {
  // Not the digits after a point: most doubles have as many.
  if (!/(?<![\d.])\d{16}/.test(text) && !/\\u[dD][89a-fA-F]/.test(text)) return JSON.parse(text);
  return JSON.parse(text, (key, value: unknown, context?: { readonly source?: string }) => {
    if (!key.isWellFormed() || (typeof value === "string" && !value.isWellFormed()))
      throw notUnicode(`there is half a character in '${key.toWellFormed()}'`);
    const source = context?.source;
    const isRounded = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
    return isRounded && source !== undefined && /^-?\d+$/.test(source) ? source : value;
  });
}

function notUnicode(problem: string): MlflowError {
  return new MlflowError("INVALID_PARAMETER_VALUE", `The body is not valid Unicode: ${problem}.`);
}

/** Milliseconds since 1970; absent if there is no time. */
export function milliseconds(time: Timestamp | undefined): number | undefined {
  return time === undefined ? undefined : Number(time.seconds) * 1000 + Math.floor(time.nanos / 1e6);
}

/** A time that a client gave in milliseconds since 1970; the registry says whether it can be one. */
export function timeOf(ms: bigint | undefined): Timestamp | undefined {
  if (ms === undefined) return undefined;
  const rest = ((ms % 1000n) + 1000n) % 1000n;
  return create(TimestampSchema, { seconds: (ms - rest) / 1000n, nanos: Number(rest) * 1_000_000 });
}

/** JSON has no NaN and no infinities: they travel as words, in both directions. */
export function doubleJson(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** As a number where that is exact, as the clients expect; else as text, which they take as well. */
export function int64Json(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** `[{key, value}, …]`; absent if there are none, as MLflow leaves out empty lists. */
export function tagsJson(
  tags: Readonly<Record<string, string>>,
): readonly { key: string; value: string }[] | undefined {
  return orAbsent(Object.entries(tags).map(([key, value]) => ({ key, value })));
}

/** Empty lists are left out. */
export function orAbsent<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

/** Empty text is left out. */
export function textOrAbsent(text: string): string | undefined {
  return text === "" ? undefined : text;
}
