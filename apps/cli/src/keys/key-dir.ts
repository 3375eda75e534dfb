/**
 * The key directory: `signing/ed25519.pem` and `signing/p256.pem`, secret; `trusted/*.pem`, public.
 * @module
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { generateKey, type PublicKey, parsePrivateKey, parsePublicKey, privateKeyPem } from "@mintmark/crypto/keys";
import { AppError } from "@mintmark/errors";

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
  mkdirSync(join(dir, "signing"), { recursive: true, mode: 0o700 });
  mkdirSync(join(dir, "trusted"), { recursive: true });
  for (const algorithm of algorithms) {
    const path = join(dir, "signing", `${files[algorithm]}.pem`);
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
export function listTrustedKeys(dir: string): NamedKey[] {
  const trusted = join(dir, "trusted");
  if (!existsSync(trusted)) return [];
  const own = ownKeyIds(dir);
  const names = readdirSync(trusted).filter((name) => name.endsWith(".pem"));
  return names.sort().map((name) => {
    const key = readKey(join(trusted, name), parsePublicKey);
    return { name: basename(name, ".pem"), key, own: own.has(key.id) };
  });
}

/** Copies a public key among the trusted ones, under `name` or that of its file; one that is there already stays. */
export function trustKey(dir: string, file: string, name = basename(file, ".pem")): NamedKey {
  if (!/^[\w.-]+$/.test(name) || name.startsWith("."))
    throw new AppError("OPTION_INVALID", {
      option: "--name",
      expected: "letters, digits, '.', '_' and '-'",
      value: name,
    });
  const key = readKey(file, parsePublicKey);
  const known = listTrustedKeys(dir).find((other) => other.key.id === key.id);
  if (known !== undefined) return known;
  const path = join(dir, "trusted", `${name}.pem`);
  if (existsSync(path))
    throw new AppError("OPTION_INVALID", { option: "--name", expected: "a name that no other key has", value: name });
  mkdirSync(join(dir, "trusted"), { recursive: true });
  writeFileSync(path, key.pem);
  return { name, key, own: ownKeyIds(dir).has(key.id) };
}

function ownKeyIds(dir: string): Set<string> {
  const paths = algorithms.map((algorithm) => join(dir, "signing", `${files[algorithm]}.pem`));
  return new Set(paths.filter(existsSync).map((path) => readKey(path, parsePrivateKey).public.id));
}

function readKey<T>(path: string, parse: (pem: string) => T): T {
  try {
    return parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new AppError("FILE_NOT_READABLE", { path, cause: (error as Error).message }, { cause: error });
  }
}
