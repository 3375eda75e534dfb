/**
 * The secret of a token: only its SHA-256 is kept.
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";

export function hashSecret(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** Takes the same time wherever the difference is. */
export function isSecretOf(secret: string, secretSha256: Uint8Array): boolean {
  return timingSafeEqual(hashSecret(secret), secretSha256);
}
