/**
 * The implementations of BLAKE3 that may be there, fastest first: native code, WebAssembly, and the plain one that the
 * others are compared with (TRUST: 1.0, 0.22 and 0.02 of b3sum's speed).
 * @module
 */
import { createRequire } from "node:module";
import { blake3 as nobleBlake3 } from "@noble/hashes/blake3.js";
import type { IHasher } from "hash-wasm";

/** Takes bytes piece by piece; `digest` ends it. */
export interface Hasher {
  readonly update: (bytes: Uint8Array) => void;
  /** The 32 bytes of the digest; to be called once. */
  readonly digest: () => Uint8Array;
}

export interface Blake3Backend {
  readonly name: "native" | "wasm" | "reference";
  readonly create: () => Hasher;
}

/** `undefined` where no prebuilt binary fits the machine. */
export function nativeBackend(): Blake3Backend | undefined {
  const addon = loadAddon();
  if (addon === undefined) return undefined;
  const create = (): Hasher => {
    const hasher = new addon.Blake3Hasher();
    return {
      update: (bytes) => {
        hasher.update(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      },
      digest: () => new Uint8Array(hasher.digestBuffer()),
    };
  };
  return { name: "native", create };
}

/** `undefined` where WebAssembly may not be compiled. */
export async function wasmBackend(): Promise<Blake3Backend | undefined> {
  const shared = await loadWasm();
  if (shared === undefined) return undefined;
  const empty = shared.init().save();
  // One instance serves all hashers, because making another one is asynchronous; each keeps its state (2 KiB) apart.
  const create = (): Hasher => {
    let state = empty;
    return {
      update: (bytes) => {
        state = shared.load(state).update(bytes).save();
      },
      digest: () => shared.load(state).digest("binary"),
    };
  };
  return { name: "wasm", create };
}

export function referenceBackend(): Blake3Backend {
  const create = (): Hasher => {
    const hasher = nobleBlake3.create();
    return { update: (bytes) => void hasher.update(bytes), digest: () => hasher.digest() };
  };
  return { name: "reference", create };
}

function loadAddon(): typeof import("@napi-rs/blake-hash") | undefined {
  try {
    return createRequire(import.meta.url)("@napi-rs/blake-hash") as typeof import("@napi-rs/blake-hash");
  } catch {
    return undefined;
  }
}

async function loadWasm(): Promise<IHasher | undefined> {
  try {
    const { createBLAKE3 } = await import("hash-wasm");
    return await createBLAKE3();
  } catch {
    return undefined;
  }
}
