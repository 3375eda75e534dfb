/**
 * The key directory: `signing/ed25519.pem` and `signing/p256.pem`, secret; `trusted/*.pem`, public.
 * @module
 */
import { existsSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { generateKey, type PublicKey, parsePublicKey, privateKeyPem } from "@mintmark/crypto/keys";
import { AppError } from "@mintmark/errors";
import { readSigningKeys, readTrustedKeys } from "@mintmark/registry-client";
import { makeFolder } from "@mintmark/scratch/make-folder";
import { notReadable } from "../file-failure.ts";

export interface NamedKey {
  /** The file without its ending. */
  readonly name: string;
  readonly key: PublicKey;
  /** Whether this directory holds the secret half. */
  readonly own: boolean;
}

const files = { ed25519: "ed25519", "ecdsa-p256": "p256" } as const;
const algorithms = ["ed25519", "ecdsa-p256"] as const;

/** Makes the pair of signing keys that is missing, and trusts it. Returns the keys that were made. */
export async function ensureSigningKeys(dir: string): Promise<NamedKey[]> {
  const made: NamedKey[] = [];
  makeFolder(join(dir, "signing"), 0o700);
  makeFolder(join(dir, "trusted"));
  for (const algorithm of algorithms) {
    const path = signingFile(dir, algorithm);
    if (existsSync(path)) continue;
    const key = generateKey(algorithm);
    const name = `local-${files[algorithm]}`;
    // The public half first: a signing key that is there is trusted.
    writeFileSync(join(dir, "trusted", `${name}.pem`), key.public.pem);
    writeFileSync(path, privateKeyPem(key), { mode: 0o600, flag: "wx" });
    made.push({ name, key: key.public, own: true });
  }
  return made;
}

/** The trusted keys, by name. */
export async function listTrustedKeys(dir: string): Promise<NamedKey[]> {
  const own = await ownKeyIds(dir);
  return (await readTrustedKeys(dir)).map((key) => ({ name: key.name, key, own: own.has(key.id) }));
}

/** Copies a public key among the trusted ones, under `name` or that of its file; one that is there already stays. */
export async function trustKey(dir: string, file: string, name = basename(file, ".pem")): Promise<NamedKey> {
  if (!/^\w[\w.-]*$/.test(name)) throw invalidName(name, "letters, digits, '.', '_' and '-'");
  const key = await readPublicKey(file);
  const known = await listTrustedKeys(dir);
  const same = known.find((other) => other.key.id === key.id);
  if (same !== undefined) return same;
  if (known.some((other) => other.name === name)) throw invalidName(name, "a name that no other key has");
  makeFolder(join(dir, "trusted"));
  writeFileSync(join(dir, "trusted", `${name}.pem`), key.pem, { flag: "wx" });
  return { name, key, own: (await ownKeyIds(dir)).has(key.id) };
}

async function ownKeyIds(dir: string): Promise<Set<string>> {
  if (!algorithms.every((algorithm) => existsSync(signingFile(dir, algorithm)))) return new Set();
  const { ed25519, p256 } = await readSigningKeys(dir);
  return new Set([ed25519.public.id, p256.public.id]);
}

function signingFile(dir: string, algorithm: (typeof algorithms)[number]): string {
  return join(dir, "signing", `${files[algorithm]}.pem`);
}

async function readPublicKey(path: string): Promise<PublicKey> {
  try {
    return parsePublicKey(await readFile(path, "utf8"));
  } catch (error) {
    throw notReadable(path, error);
  }
}

function invalidName(value: string, expected: string): AppError {
  return new AppError("OPTION_INVALID", { option: "--name", expected, value });
}
