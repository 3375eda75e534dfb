/**
 * JSON whose numbers keep their digits: 1.0 stays 1.0, and 2^60 + 1 stays what it is.
 * @module
 */

/** A value of JSON; numbers are raw text. */
export type Exact = string | boolean | null | RawNumber | readonly Exact[] | ExactObject;
export interface ExactObject {
  readonly [key: string]: Exact;
}
/** As `JSON.rawJSON` makes it. */
export interface RawNumber {
  readonly rawJSON: string;
}

interface RawJson {
  readonly rawJSON: (text: string) => RawNumber;
  readonly isRawJSON: (value: unknown) => value is RawNumber;
}
const { rawJSON, isRawJSON } = JSON as unknown as RawJson;

/** @throws SyntaxError */
export function parseExact(text: string): Exact {
  return JSON.parse(text, (_, value: unknown, context?: { readonly source?: string }) =>
    typeof value === "number" ? rawJSON(context!.source!) : value,
  ) as Exact;
}

export function isExactObject(value: Exact | undefined): value is ExactObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isRawJSON(value);
}

/** The same text for the same value: keys in the order of their code units. */
export function canonical(value: Exact): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isExactObject(value)) return JSON.stringify(value);
  const entries = Object.keys(value).sort();
  return `{${entries.map((key) => `${JSON.stringify(key)}:${canonical(value[key]!)}`).join(",")}}`;
}

/** In the words of MLflow's schemas. */
export function typeName(value: Exact): string {
  if (value === null) return "null";
  if (isRawJSON(value)) return /^-?\d+$/.test(value.rawJSON) ? "integer" : "float";
  if (Array.isArray(value)) return "array";
  return typeof value;
}
