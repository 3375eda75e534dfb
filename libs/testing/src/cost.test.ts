import { describe, expect, it } from "vitest";
import { costOf, costProblem } from "./cost.ts";

const text = (size: number) => "a".repeat(size);
const problemOf = async (run: (input: string) => unknown, size: number) =>
  costProblem(await costOf({ parser: "p", shape: "s", size, make: text, run }));

describe("the verdict on a cost", () => {
  it("is none where the cost is in proportion, also where the parser fails", async () => {
    expect(await problemOf((input) => [...input].length, 1 << 18)).toBeUndefined();
    expect(
      await problemOf(() => {
        throw new RangeError("premature EOF");
      }, 1 << 18),
    ).toBeUndefined();
  });

  it("names a time that grows with the square", async () => {
    // Each character is looked at once for each of them.
    const square = (input: string) => {
      let sum = 0;
      for (let at = 0; at < input.length; at++)
        for (let other = 0; other < input.length; other++) sum += input.charCodeAt(other) & at;
      return sum;
    };
    expect(await problemOf(square, 40_000)).toMatch(/takes \d+ ms/);
  });

  it("names a memory that grows with the square", async () => {
    const kept: unknown[] = [];
    const square = (input: string) => {
      kept.length = 0;
      for (let at = 0; at < input.length; at++) kept.push(Array(input.length).fill(at).length);
    };
    expect(await problemOf(square, 12_000)).toMatch(/allocates \d+\.\d MiB|takes/);
  });

  it("names a stack that ends", async () => {
    const deep = (input: string, at = 0): number => (at === input.length ? 0 : 1 + deep(input, at + 1));
    expect(await problemOf((input) => deep(input), 1 << 18)).toContain("call stack");
  });
});
