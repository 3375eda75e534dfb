/**
 * Keys that sign: Ed25519 (RFC 8032) and ECDSA over P-256 with SHA-256 (FIPS 186-5, signatures in DER).
 *
 * The key's type fixes the algorithm; nothing that comes with a message has a say in it.
 * @module
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { utf8 } from "./bytes.ts";
import { MalformedError } from "./malformed-error.ts";
import { sha256Hex } from "./sha256.ts";

export type KeyAlgorithm = "ed25519" | "ecdsa-p256";

export interface PublicKey {
  /** Hex SHA-256 of the PEM text with its final newline: what the hint of a signature names. */
  readonly id: string;
  readonly algorithm: KeyAlgorithm;
  /** SPKI as PEM. */
  readonly pem: string;
  readonly key: KeyObject;
}

export interface SigningKey {
  readonly public: PublicKey;
  readonly key: KeyObject;
}

/** Both keys of one signer: a model is signed once in the form that OMS tools take, once with Ed25519. */
export interface SigningKeys {
  readonly p256: SigningKey;
  readonly ed25519: SigningKey;
}

export function generateKey(algorithm: KeyAlgorithm): SigningKey {
  return signingKey(algorithm === "ed25519" ? newEd25519() : newP256());
}

/** @throws MalformedError if the text is not a private key of a known algorithm. */
export function parsePrivateKey(pem: string): SigningKey {
  return signingKey(parse(() => createPrivateKey(pem), "a private key (PEM)"));
}

/** @throws MalformedError if the text is not a public key of a known algorithm, or is a private one. */
export function parsePublicKey(pem: string): PublicKey {
  // Node would derive the public key; a private key lying among public ones is a mistake worth hearing of.
  if (pem.includes("PRIVATE KEY")) throw new MalformedError('"key" expected a public key (PEM), got a private one');
  return publicKey(parse(() => createPublicKey(pem), "a public key (PEM)"));
}

/** PKCS #8 as PEM: a secret. */
export function privateKeyPem(key: SigningKey): string {
  return key.key.export({ type: "pkcs8", format: "pem" }) as string;
}

export function signBytes(key: SigningKey, message: Uint8Array): Uint8Array {
  return new Uint8Array(sign(hashFor[key.public.algorithm], message, key.key));
}

/** False for anything that is not a signature of exactly these bytes by this key. */
export function verifyBytes(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(hashFor[key.algorithm], message, key.key, signature);
  } catch {
    return false;
  }
}

/** Ed25519 hashes inside; ECDSA is told. */
const hashFor = { ed25519: null, "ecdsa-p256": "sha256" } as const satisfies Record<KeyAlgorithm, string | null>;

function newEd25519(): KeyObject {
  return generateKeyPairSync("ed25519").privateKey;
}

function newP256(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

function signingKey(key: KeyObject): SigningKey {
  return { public: publicKey(createPublicKey(key)), key };
}

function publicKey(key: KeyObject): PublicKey {
  const algorithm = algorithmOf(key);
  const pem = key.export({ type: "spki", format: "pem" }) as string;
  return { id: sha256Hex(utf8(pem)), algorithm, pem, key };
}

function algorithmOf(key: KeyObject): KeyAlgorithm {
  if (key.asymmetricKeyType === "ed25519") return "ed25519";
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType === "ec" && curve === "prime256v1") return "ecdsa-p256";
  const got = [key.asymmetricKeyType, curve].filter(Boolean).join(" ");
  throw new MalformedError(`"key" expected ed25519 or ecdsa-p256, got ${got}`);
}

function parse(read: () => KeyObject, what: string): KeyObject {
  try {
    return read();
  } catch {
    throw new MalformedError(`"key" expected ${what}`);
  }
}
