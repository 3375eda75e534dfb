import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyFromSeed, split, threefry, uniform } from "./rng.ts";

const word = fc.integer({ min: 0, max: 0xffffffff });
const key = fc.record({ hi: word, lo: word });
const hex = ({ hi, lo }: { readonly hi: number; readonly lo: number }) =>
  [hi, lo].map((half) => half.toString(16).padStart(8, "0")).join(" ");

describe("threefry", () => {
  // kat_vectors of Random123 1.14: threefry2x32, 20 rounds; the last are digits of π.
  it.each([
    [{ hi: 0, lo: 0 }, 0, 0, "6b200159 99ba4efe"],
    [{ hi: 0xffffffff, lo: 0xffffffff }, 0xffffffff, 0xffffffff, "1cb996fc bb002be7"],
    [{ hi: 0x13198a2e, lo: 0x03707344 }, 0x243f6a88, 0x85a308d3, "c4923a9c 483df7a0"],
  ])("gives the published block of key %o and counter %i, %i", (key, high, low, expected) => {
    expect(hex(threefry(key, high, low))).toBe(expected);
  });
});

describe("keyFromSeed", () => {
  it("is the seed's 64 bits", () => {
    expect(keyFromSeed(42)).toEqual({ hi: 0, lo: 42 });
    expect(keyFromSeed(2 ** 40 + 7)).toEqual({ hi: 256, lo: 7 });
    expect(keyFromSeed(-1)).toEqual({ hi: 0xffffffff, lo: 0xffffffff });
    expect(() => keyFromSeed(0.5)).toThrow('"seed" expected a safe integer, got 0.5');
  });
});

describe("uniform", () => {
  it("takes 53 bits of one block: the upper 27 of its first half, the upper 26 of its second", () => {
    fc.assert(
      fc.property(key, word, (key, counter) => {
        const { hi, lo } = threefry(key, 0, counter);
        const bits = (BigInt(hi >>> 5) << 26n) | BigInt(lo >>> 6);
        return uniform(key, counter) === Number(bits) / 2 ** 53;
      }),
    );
  });
  it("reads counters beyond 32 bits, each with a draw of its own", () => {
    const counters = [0, 1, 2 ** 32, 2 ** 32 + 1, 2 ** 52, Number.MAX_SAFE_INTEGER, -1, -(2 ** 32)];
    expect(new Set(counters.map((counter) => uniform({ hi: 0, lo: 0 }, counter))).size).toBe(counters.length);
  });
});

describe("split", () => {
  it("gives keys that are blocks of no draw", () => {
    fc.assert(
      fc.property(key, fc.maxSafeInteger(), (key, at) => {
        const { hi, lo } = split(key, at);
        const drawn = ((hi >>> 5) * 2 ** 26 + (lo >>> 6)) / 2 ** 53;
        return uniform(key, at) !== drawn;
      }),
    );
  });
  it("gives every label a child of its own", () => {
    const children = Array.from({ length: 100_000 }, (_, label) => hex(split({ hi: 0, lo: 42 }, label)));
    expect(new Set(children).size).toBe(children.length);
  });
});

describe("draws look random", () => {
  const count = 100_000;
  /** Pearson's χ² of counts that should be equal, in standard deviations from its mean; beyond 5 once in millions. */
  const surprise = (counts: ArrayLike<number>) => {
    const cells = Array.from(counts);
    const expected = cells.reduce((a, b) => a + b, 0) / cells.length;
    const squares = cells.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    return Math.abs(squares - (cells.length - 1)) / Math.sqrt(2 * (cells.length - 1));
  };
  const streams: readonly (readonly [string, (i: number) => number])[] = [
    ["of one key by counter", (i) => uniform(keyFromSeed(42), i)],
    ["of neighbouring seeds", (i) => uniform(keyFromSeed(i), 0)],
    ["of neighbouring children", (i) => uniform(split(keyFromSeed(42), i), 0)],
    ["of a chain of children", chained(count)],
    ["by the low bits", (i) => (uniform(keyFromSeed(42), i) * 2 ** 40) % 1],
  ];

  it.each(streams)("%s: 256 cells are filled evenly, and so are the pairs of successive ones", (_name, draw) => {
    const singles = new Uint32Array(256);
    const pairs = new Uint32Array(256);
    let last = draw(0);
    for (let i = 1; i < count; i++) {
      const value = draw(i);
      singles[Math.floor(value * 256)]!++;
      pairs[16 * Math.floor(last * 16) + Math.floor(value * 16)]!++;
      last = value;
    }
    // A draw out of [0, 1) falls into no cell.
    expect(singles.reduce((a, b) => a + b, 0)).toBe(count - 1);
    expect(surprise(singles)).toBeLessThan(5);
    expect(surprise(pairs)).toBeLessThan(5);
  });
});

function chained(count: number): (i: number) => number {
  const values = new Float64Array(count);
  let at = keyFromSeed(7);
  for (let i = 0; i < count; i++) {
    values[i] = uniform(at, 0);
    at = split(at, 1);
  }
  return (i) => values[i]!;
}
