/**
 * The identities of evaluation data sets and of their records: a letter or two and 32 hex digits outside, a UUID in the database.
 * @module
 */

export type Prefix = "d-" | "dr-";

/** As the database takes it; undefined for text that can be no such identity. */
export function parseId(prefix: Prefix, text: string): string | undefined {
  const digits = text.startsWith(prefix) ? text.slice(prefix.length) : "";
  return /^[0-9a-f]{32}$/.test(digits) ? digits : undefined;
}

export function formatId(prefix: Prefix, uuid: string): string {
  return `${prefix}${uuid.replaceAll("-", "")}`;
}
