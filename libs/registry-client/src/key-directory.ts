/**
 * The key directory (`MINTMARK_KEY_DIR`): `signing/ed25519.pem` and `signing/p256.pem`, which are secret, and
 * `trusted/*.pem`, the public keys whose signatures count.
 * @module
 */
import { open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type KeyAlgorithm,
  type PublicKey,
  parsePrivateKey,
  parsePublicKey,
  type SigningKey,
  type SigningKeys,
} from "@mintmark/crypto/keys";
import { AppError } from "@mintmark/errors";

/**
 * Both signing keys.
 * @throws AppError KEY_FILE_MISSING, KEY_FILE_EXPOSED if others may read it, KEY_FILE_INVALID
 */
export async function readSigningKeys(directory: string): Promise<SigningKeys> {
  return { p256: await readP256Key(directory), ed25519: await readEd25519Key(directory) };
}

/** The one key that a registry signs with; throws as {@link readSigningKeys} does. */
export async function readEd25519Key(directory: string): Promise<SigningKey> {
  return await readSigningKey(join(directory, "signing", "ed25519.pem"), "ed25519");
}

/** A public key with the name of its file, which is for people. */
export interface TrustedKey extends PublicKey {
  readonly name: string;
}

/**
 * The trusted keys by file name; none if there is no such directory.
 * @throws AppError KEY_FILE_INVALID
 */
export async function readTrustedKeys(directory: string): Promise<TrustedKey[]> {
  const folder = join(directory, "trusted");
  const names = (await namesIn(folder)).filter((name) => name.endsWith(".pem")).sort();
  return await Promise.all(names.map((name) => readTrustedKey(join(folder, name), name.slice(0, -".pem".length))));
}

async function readP256Key(directory: string): Promise<SigningKey> {
  return await readSigningKey(join(directory, "signing", "p256.pem"), "ecdsa-p256");
}

async function readSigningKey(path: string, algorithm: KeyAlgorithm): Promise<SigningKey> {
  const key = parse(path, await readSecretFile(path), parsePrivateKey);
  if (key.public.algorithm !== algorithm)
    throw new AppError("KEY_FILE_INVALID", {
      path,
      problem: `it holds a key of ${key.public.algorithm}, not ${algorithm}`,
    });
  return key;
}

/**
 * The text of a file that nobody else may read. Mode and bytes are of the same open file, so that it cannot be exchanged
 * between the two looks.
 * @throws AppError KEY_FILE_MISSING, KEY_FILE_EXPOSED, KEY_FILE_INVALID
 */
export async function readSecretFile(path: string): Promise<string> {
  const file = await openSecret(path);
  try {
    const { mode } = await file.stat();
    if ((mode & 0o077) !== 0 && process.platform !== "win32")
      throw new AppError("KEY_FILE_EXPOSED", { path, mode: (mode & 0o777).toString(8).padStart(3, "0") });
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

async function openSecret(path: string) {
  try {
    return await open(path, "r");
  } catch (error) {
    if (codeOf(error) === "ENOENT") throw new AppError("KEY_FILE_MISSING", { path });
    throw new AppError("KEY_FILE_INVALID", { path, problem: (error as Error).message }, { cause: error });
  }
}

async function readTrustedKey(path: string, name: string): Promise<TrustedKey> {
  return { ...parse(path, await readFile(path, "utf8"), parsePublicKey), name };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}

function parse<T>(path: string, pem: string, read: (pem: string) => T): T {
  try {
    return read(pem);
  } catch (error) {
    throw new AppError("KEY_FILE_INVALID", { path, problem: (error as Error).message });
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
