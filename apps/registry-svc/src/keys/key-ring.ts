/**
 * The keys of the registry: the one it signs its own statements with, and those whose signatures it accepts.
 * @module
 */
import type { SigningKey } from "@mintmark/crypto/keys";
import { readEd25519Key, readTrustedKeys, type TrustedKey } from "@mintmark/registry-client";

export interface KeyRing {
  readonly signing: SigningKey;
  /** Read anew for every use, so that `mintmark keys trust` takes effect at once. */
  readonly trusted: () => Promise<readonly TrustedKey[]>;
}

/** @throws AppError `KEY_FILE_MISSING`, `KEY_FILE_EXPOSED`, `KEY_FILE_INVALID` */
export async function openKeyRing(directory: string): Promise<KeyRing> {
  const signing = await readEd25519Key(directory);
  return { signing, trusted: () => readTrustedKeys(directory) };
}
