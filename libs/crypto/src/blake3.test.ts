import { describe, expect, it } from "vitest";
import { blake3Backend, blake3Hex, createBlake3, edgeLengths, passesSelfTest } from "./blake3.ts";
import { type Blake3Backend, nativeBackend, referenceBackend, wasmBackend } from "./blake3-backends.ts";
import { hex } from "./bytes.ts";

const wasm = await wasmBackend();
const backends = [nativeBackend(), wasm, referenceBackend()].filter((backend) => backend !== undefined);

/** The input of the official vectors. */
const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => i % 251);

describe("blake3", () => {
  it("gives the published digests of the empty input and of the pattern of 1025 bytes", () => {
    // BLAKE3 test_vectors.json, first 32 bytes of "hash" for input_len 0 and 1025.
    expect(blake3Hex(pattern(0))).toBe("af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
    expect(blake3Hex(pattern(1025))).toBe("d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444");
  });

  it("has native code on this machine, and all three implementations", () => {
    expect(blake3Backend).toBe("native");
    expect(backends.map(({ name }) => name)).toEqual(["native", "wasm", "reference"]);
  });

  it.each(backends)("$name agrees with the reference on the edge lengths", (backend) => {
    expect(passesSelfTest(backend)).toBe(true);
  });

  it.each(backends)("$name keeps interleaved hashers apart", ({ create }) => {
    const [a, b] = [create(), create()];
    for (const length of edgeLengths) {
      a.update(pattern(length));
      b.update(pattern(length + 1));
    }
    const whole = referenceBackend().create();
    for (const length of edgeLengths) whole.update(pattern(length));
    const expected = hex(whole.digest());
    expect(hex(a.digest())).toBe(expected);
    expect(hex(b.digest())).not.toBe(expected);
  });

  it("reads a view into a larger buffer", () => {
    const whole = pattern(5000);
    expect(blake3Hex(whole.subarray(1000, 2025))).toBe(blake3Hex(whole.slice(1000, 2025)));
  });

  it("refuses a backend that is wrong only when bytes come in pieces", () => {
    const broken: Blake3Backend = {
      name: "wasm",
      create: () => {
        const hasher = createBlake3();
        let updates = 0;
        return { update: (bytes) => updates++ === 0 && hasher.update(bytes), digest: hasher.digest };
      },
    };
    expect(passesSelfTest(broken)).toBe(false);
  });
});
