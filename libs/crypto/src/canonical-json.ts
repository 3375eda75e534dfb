/**
 * One byte string for each JSON value, so that it can be hashed and signed.
 *
 * Source: RFC 8785 (JSON Canonicalization Scheme). ECMAScript already prints numbers and strings as §3.2.2 asks; what is
 * left is the order of keys (UTF-16 code units, §3.2.3) and to refuse what JSON cannot say.
 * @module
 */
import { utf8 } from "./bytes.ts";
import { MalformedError } from "./malformed-error.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** @throws MalformedError for NaN, infinite numbers, lone surrogates and values that are not JSON. */
export function canonicalJson(value: Json): Uint8Array<ArrayBuffer> {
  return utf8(write(value));
}

function write(value: Json): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") return writeNumber(value);
  if (typeof value === "string") return writeString(value);
  if (typeof value !== "object") throw new MalformedError(`"value" expected JSON, got ${typeof value}`);
  if (isArray(value)) return `[${value.map(write).join(",")}]`;
  const members = Object.keys(value)
    .sort()
    .map((key) => `${writeString(key)}:${write(value[key]!)}`);
  return `{${members.join(",")}}`;
}

function writeNumber(value: number): string {
  if (!Number.isFinite(value)) throw new MalformedError(`"value" expected a finite number, got ${value}`);
  return JSON.stringify(value);
}

function writeString(value: string): string {
  if (!value.isWellFormed())
    throw new MalformedError(`"value" expected well-formed text, got ${JSON.stringify(value)}`);
  return JSON.stringify(value);
}

/** `Array.isArray` does not narrow away readonly arrays. */
function isArray(value: readonly Json[] | { readonly [key: string]: Json }): value is readonly Json[] {
  return Array.isArray(value);
}
