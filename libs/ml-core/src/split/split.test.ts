import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyFromSeed, uniform } from "../base/rng.ts";
import { kFold } from "./k-fold.ts";
import { splitRows } from "./split-rows.ts";

const labelled = fc
  .array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 80 })
  .map((all) => Int32Array.from(all));
const seed = fc.integer();

describe("splitRows", () => {
  it("puts every row in exactly one part, each ascending", () => {
    const share = fc.double({ min: 0, max: 0.49, noNaN: true });
    fc.assert(
      fc.property(labelled, share, share, seed, fc.boolean(), (labels, test, validation, s, stratified) => {
        const stratify = stratified ? labels : null;
        const parts = splitRows(labels.length, { test, validation, stratify, seed: s });
        for (const part of [parts.train, parts.validation, parts.test])
          expect(Array.from(part)).toEqual(Array.from(part).sort((a, b) => a - b));
        const all = [...parts.train, ...parts.validation, ...parts.test].sort((a, b) => a - b);
        expect(all).toEqual(Array.from(labels.keys()));
      }),
    );
  });

  it("divides more rows than the engine takes arguments of a call", () => {
    const parts = splitRows(300_000, { test: 0.5, validation: 0, stratify: null, seed: 1 });
    expect([parts.train.length, parts.test.length]).toEqual([150_000, 150_000]);
    expect(new Set([...parts.train, ...parts.test]).size).toBe(300_000);
  });

  it("gives test round(n · test) rows of each class, and validation round(n · validation)", () => {
    fc.assert(
      fc.property(labelled, seed, (labels, s) => {
        const parts = splitRows(labels.length, { test: 0.2, validation: 0.1, stratify: labels, seed: s });
        for (const label of new Set(labels)) {
          const n = labels.filter((other) => other === label).length;
          const of = (part: Int32Array) => part.filter((row) => labels[row] === label).length;
          expect(of(parts.test)).toBe(Math.round(n * 0.2));
          expect(of(parts.validation)).toBe(Math.round(n * 0.1));
        }
      }),
    );
  });

  it("takes the rows of lowest hash, so that anybody can say which they are", () => {
    const key = keyFromSeed(42);
    const order = Array.from({ length: 10 }, (_, row) => row).sort((a, b) => uniform(key, a) - uniform(key, b));
    const { test, validation } = splitRows(10, { test: 0.3, validation: 0.2, stratify: null, seed: 42 });
    expect(Array.from(test)).toEqual(order.slice(0, 3).sort((a, b) => a - b));
    expect(Array.from(validation)).toEqual(order.slice(3, 5).sort((a, b) => a - b));
  });

  it("stays the same for ever: versions are reproduced by it", () => {
    const { test } = splitRows(30, { test: 0.2, validation: 0, stratify: null, seed: 42 });
    expect(Array.from(test)).toEqual([1, 11, 16, 21, 27, 29]);
  });

  it("differs between seeds, also between 0 and −1 and beyond 32 bits", () => {
    const seeds = [0, -1, 1, 42, 2 ** 32, 2 ** 32 + 42, -(2 ** 40)];
    const tests = seeds.map((s) => splitRows(200, { test: 0.5, validation: 0, stratify: null, seed: s }).test.join());
    expect(new Set(tests).size).toBe(seeds.length);
  });

  it("mixes: test rows are spread evenly over the file", () => {
    const { test } = splitRows(10_000, { test: 0.2, validation: 0, stratify: null, seed: 7 });
    for (let from = 0; from < 10_000; from += 1000) {
      // 200 ± 5 standard deviations of √(1000 · 0.2 · 0.8) ≈ 13.
      const here = test.filter((row) => row >= from && row < from + 1000).length;
      expect(Math.abs(here - 200)).toBeLessThan(65);
    }
  });

  it("keeps everything for training if the shares are 0", () => {
    const parts = splitRows(3, { test: 0, validation: 0, stratify: null, seed: 1 });
    expect(parts).toEqual({ train: Int32Array.of(0, 1, 2), validation: new Int32Array(), test: new Int32Array() });
  });

  it("refuses shares that leave no training rows, and labels of another length", () => {
    const base = { validation: 0, stratify: null, seed: 1 };
    expect(() => splitRows(10, { ...base, test: 1 })).toThrow(/"test" \+ "validation" expected below 1/);
    expect(() => splitRows(10, { ...base, test: -0.1 })).toThrow('"test" expected a number >= 0, got -0.1');
    expect(() => splitRows(10, { ...base, test: 0.2, stratify: new Int32Array(9) })).toThrow(
      /"labels" expected length 10/,
    );
    expect(() => splitRows(10, { ...base, test: 0.2, seed: 0.5 })).toThrow('"seed" expected a safe integer, got 0.5');
  });
});

describe("kFold", () => {
  it("tests every row once and trains on the others", () => {
    fc.assert(
      fc.property(labelled, fc.integer({ min: 2, max: 6 }), seed, (labels, wanted, s) => {
        const folds = Math.min(wanted, labels.length);
        const parts = kFold(labels.length, { folds, stratify: labels, seed: s });
        expect(parts.flatMap(({ test }) => [...test]).sort((a, b) => a - b)).toEqual(Array.from(labels.keys()));
        for (const { train, test } of parts)
          expect([...train, ...test].sort((a, b) => a - b)).toEqual(Array.from(labels.keys()));
      }),
    );
  });

  it("makes folds whose sizes, in all and of each class, differ by at most one row", () => {
    fc.assert(
      fc.property(labelled, fc.integer({ min: 2, max: 6 }), seed, (labels, wanted, s) => {
        const folds = Math.min(wanted, labels.length);
        const parts = kFold(labels.length, { folds, stratify: labels, seed: s });
        const spread = (sizes: number[]) => Math.max(...sizes) - Math.min(...sizes);
        expect(spread(parts.map(({ test }) => test.length))).toBeLessThanOrEqual(1);
        for (const label of new Set(labels)) {
          const sizes = parts.map(({ test }) => test.filter((row) => labels[row] === label).length);
          expect(spread(sizes)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it("refuses more folds than rows", () => {
    expect(() => kFold(3, { folds: 4, stratify: null, seed: 1 })).toThrow('"folds" expected an integer in 2..3, got 4');
  });
});
