/**
 * BLAKE3, 256 bits, unkeyed, by the fastest implementation that passes a self test at start.
 *
 * Source: O'Connor, Aumasson, Neves, Wilcox-O'Hearn, "BLAKE3", 2020; the reference is @noble/hashes.
 * @module
 */
import { type Blake3Backend, type Hasher, nativeBackend, referenceBackend, wasmBackend } from "./blake3-backends.ts";
import { equalBytes, hex } from "./bytes.ts";

export type { Hasher } from "./blake3-backends.ts";

/**
 * Lengths at which implementations go wrong: around a block (64), a chunk (1024), and a tree of 100 chunks whose last
 * subtrees are uneven.
 */
export const edgeLengths = [0, 1, 63, 64, 65, 1023, 1024, 1025, 2049, 102_400] as const;

const backend = await chooseBackend();

/** Which implementation is in use; worth a line in the log at start. */
export const blake3Backend: Blake3Backend["name"] = backend.name;

/** A hasher for bytes that come in pieces. */
export function createBlake3(): Hasher {
  return backend.create();
}

/** 64 hex digits. */
export function blake3Hex(bytes: Uint8Array): string {
  const hasher = createBlake3();
  hasher.update(bytes);
  return hex(hasher.digest());
}

/**
 * Whether the backend agrees with the reference on every edge length, in one piece and in two.
 * A backend that disagrees is a broken build and must not be used.
 */
export function passesSelfTest(candidate: Blake3Backend): boolean {
  const reference = referenceBackend();
  return edgeLengths.every((length) => {
    // The input of the official test vectors: the pattern i mod 251.
    const input = Uint8Array.from({ length }, (_, i) => i % 251);
    const expected = digestOf(reference, [input]);
    const pieces = [input.subarray(0, length >> 1), input.subarray(length >> 1)];
    return equalBytes(digestOf(candidate, [input]), expected) && equalBytes(digestOf(candidate, pieces), expected);
  });
}

async function chooseBackend(): Promise<Blake3Backend> {
  const native = nativeBackend();
  if (native !== undefined && passesSelfTest(native)) return native;
  const wasm = await wasmBackend();
  if (wasm !== undefined && passesSelfTest(wasm)) return wasm;
  return referenceBackend();
}

function digestOf(candidate: Blake3Backend, pieces: readonly Uint8Array[]): Uint8Array {
  const hasher = candidate.create();
  for (const piece of pieces) hasher.update(piece);
  return hasher.digest();
}
