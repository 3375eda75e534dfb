/**
 * Text forms of bytes, and their order.
 * @module
 */
import { MalformedError } from "./malformed-error.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** @throws TypeError if the bytes are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

export function hex(bytes: Uint8Array): string {
  return bytes.toHex();
}

/** @throws MalformedError if the text is not an even number of lower-case hex digits. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new MalformedError(`"hex" expected lower-case hex digits, got '${text}'`);
  return Uint8Array.fromHex(text);
}

export function base64(bytes: Uint8Array): string {
  return bytes.toBase64();
}

/**
 * Takes exactly what {@link base64} writes: each byte string has one text form, so that a changed character is never
 * read as the same bytes (RFC 4648 §3.5).
 * @throws MalformedError for any other text.
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const bytes = tryBase64(text);
  if (bytes === undefined || bytes.toBase64() !== text) throw new MalformedError('"base64" expected canonical base64');
  return bytes;
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** Lexicographic, as unsigned bytes; a prefix comes first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

function tryBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
  } catch {
    return undefined;
  }
}
