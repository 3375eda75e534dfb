/**
 * The form of a token: `mm_<id>_<secret>`. The id is public and looked up; of the secret, 256 random bits, only the
 * SHA-256 is kept.
 * @module
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

export interface TokenSecret {
  readonly id: string;
  readonly secret: string;
}

export function newSecret(): TokenSecret {
  return { id: randomBytes(8).toString("hex"), secret: randomBytes(32).toString("hex") };
}

export function formatToken({ id, secret }: TokenSecret): string {
  return `mm_${id}_${secret}`;
}

/** `undefined` if the text has not the form of a token. */
export function parseToken(text: string): TokenSecret | undefined {
  const match = /^mm_([a-z0-9]{16})_([0-9a-f]{64})$/.exec(text);
  return match === null ? undefined : { id: match[1]!, secret: match[2]! };
}

export function hashSecret(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** Takes the same time wherever the difference is. */
export function isSecretOf(secret: string, secretSha256: Uint8Array): boolean {
  return timingSafeEqual(hashSecret(secret), secretSha256);
}
