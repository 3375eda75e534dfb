import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { p256 } from "@noble/curves/nist.js";
import * as ed25519 from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, hex, utf8 } from "./bytes.ts";
import { generateKey, parsePrivateKey, parsePublicKey, privateKeyPem, signBytes, verifyBytes } from "./keys.ts";
import { MalformedError } from "./malformed-error.ts";
import { sha256Hex } from "./sha256.ts";

ed25519.hashes.sha512 = sha512;

/** PKCS #8 of a raw Ed25519 seed: a fixed header (RFC 8410 §7) before it. */
const fromSeed = (seed: string) => {
  const der = Buffer.from(`302e020100300506032b657004220420${seed}`, "hex");
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return parsePrivateKey(key.export({ type: "pkcs8", format: "pem" }) as string);
};

describe("keys", () => {
  it("signs as RFC 8032 §7.1 test 3", () => {
    const key = fromSeed("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7");
    expect(hex(signBytes(key, fromHex("af82")))).toBe(
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    );
  });

  it("agrees with @noble/ed25519 on signatures, and on which ones hold", () => {
    const seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const key = fromSeed(seed);
    const publicBytes = ed25519.getPublicKey(fromHex(seed));
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.nat(63),
        fc.integer({ min: 0, max: 255 }),
        (message, at, flip) => {
          const signature = signBytes(key, message);
          expect(hex(signature)).toBe(hex(ed25519.sign(message, fromHex(seed))));
          signature[at]! ^= flip;
          const held = ed25519.verify(signature, message, publicBytes, { zip215: false });
          expect(verifyBytes(key.public, message, signature)).toBe(held);
          expect(held).toBe(flip === 0);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("makes P-256 signatures that @noble/curves verifies, and the other way round", () => {
    const key = generateKey("ecdsa-p256");
    const jwk = key.key.export({ format: "jwk" }) as { d: string; x: string; y: string };
    const raw = (text: string) => Uint8Array.fromBase64(text, { alphabet: "base64url" });
    const publicBytes = Uint8Array.of(4, ...raw(jwk.x), ...raw(jwk.y));
    const message = utf8("the same bytes");
    const options = { format: "der", lowS: false } as const;
    expect(p256.verify(signBytes(key, message), message, publicBytes, options)).toBe(true);
    expect(verifyBytes(key.public, message, p256.sign(message, raw(jwk.d), options))).toBe(true);
    expect(verifyBytes(key.public, utf8("other bytes"), p256.sign(message, raw(jwk.d), options))).toBe(false);
  });

  it.each(["ed25519", "ecdsa-p256"] as const)("writes and reads %s keys; the id is SHA-256 of the PEM", (algorithm) => {
    const key = generateKey(algorithm);
    const again = parsePrivateKey(privateKeyPem(key));
    expect(again.public).toMatchObject({ id: key.public.id, algorithm, pem: key.public.pem });
    expect(parsePublicKey(key.public.pem).id).toBe(sha256Hex(utf8(key.public.pem)));
    expect(key.public.pem).toMatch(/-----END PUBLIC KEY-----\n$/);
  });

  it("gives a key one id, however its PEM is wrapped", () => {
    const { pem, id } = generateKey("ecdsa-p256").public;
    const unwrapped = pem.replaceAll("\n", "\r\n");
    expect(parsePublicKey(unwrapped).id).toBe(id);
  });

  it("refuses keys of other kinds, private keys where public ones belong, and what is no key", () => {
    const pem = (type: "rsa" | "ec", options: object) => {
      const pair = generateKeyPairSync(type as "ec", options as { namedCurve: string });
      return pair.publicKey.export({ type: "spki", format: "pem" }) as string;
    };
    expect(() => parsePublicKey(pem("rsa", { modulusLength: 1024 }))).toThrow(
      "expected ed25519 or ecdsa-p256, got rsa",
    );
    expect(() => parsePublicKey(pem("ec", { namedCurve: "secp256k1" }))).toThrow("got ec secp256k1");
    expect(() => parsePublicKey(privateKeyPem(generateKey("ed25519")))).toThrow("got a private one");
    expect(() => parsePublicKey("hello")).toThrow(MalformedError);
    expect(() => parsePrivateKey(generateKey("ed25519").public.pem)).toThrow(MalformedError);
  });

  it("never takes a signature of one algorithm for another's", () => {
    const [a, b] = [generateKey("ed25519"), generateKey("ecdsa-p256")];
    const message = utf8("m");
    expect(verifyBytes(b.public, message, signBytes(a, message))).toBe(false);
    expect(verifyBytes(a.public, message, signBytes(b, message))).toBe(false);
    expect(verifyBytes(a.public, message, new Uint8Array())).toBe(false);
  });
});
