/**
 * SHA-256 by node:crypto (OpenSSL).
 *
 * Source: FIPS 180-4.
 * @module
 */
import { createHash } from "node:crypto";
import type { Hasher } from "./blake3-backends.ts";

/** A hasher for bytes that come in pieces. */
export function createSha256(): Hasher {
  const hash = createHash("sha256");
  return { update: (bytes) => void hash.update(bytes), digest: () => new Uint8Array(hash.digest()) };
}

/** 64 hex digits. */
export function sha256Hex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
