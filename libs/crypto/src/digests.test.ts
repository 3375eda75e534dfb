import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import { describe, expect, it } from "vitest";
import { blake3Hex } from "./blake3.ts";
import { hex } from "./bytes.ts";
import { digestsOf, digestsOfStream } from "./digests.ts";

describe("digests", () => {
  it("gives size, BLAKE3 and SHA-256 of the same bytes, in one piece and in many", async () => {
    const bytes = Uint8Array.from({ length: 70_001 }, (_, i) => (i * 31) % 256);
    const expected = { size: 70_001, blake3: blake3Hex(bytes), sha256: hex(nobleSha256(bytes)) };
    expect(digestsOf(bytes)).toEqual(expected);
    expect(await digestsOfStream(pieces(bytes, 999))).toEqual(expected);
  });
});

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
