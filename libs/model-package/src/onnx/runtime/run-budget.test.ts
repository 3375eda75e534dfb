import { describe, expect, it } from "vitest";
import { costlyGraph } from "../../testing/costly-graph.ts";
import { loadGraph } from "./load-graph.ts";
import { maxLiveBytes } from "./run-budget.ts";
import type { Tensor } from "./tensor.ts";

const one: Tensor = { type: "double", dims: [1, 1], data: new Float64Array([1]) };
const mebibyte = 2 ** 20;

describe("the budget of a run", () => {
  it("ends a graph of some kilobytes that keeps gigabytes of values", () => {
    const bytes = costlyGraph({ doublings: 23, more: 40, keeps: true });
    expect(bytes.length).toBeLessThan(4_000);
    const before = process.memoryUsage().arrayBuffers;
    expect(() => loadGraph(bytes).run([one])).toThrow(/a run takes more than 256 MiB for one batch of rows/);
    // The value that was too much is there once more than the budget has.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(maxLiveBytes + 256 * mebibyte);
  });

  it("gives back each value after its last use", () => {
    // Each step makes 32 MiB, and 40 of them are 1.25 GiB.
    const bytes = costlyGraph({ doublings: 22, more: 40, keeps: false });
    expect(loadGraph(bytes).run([one])[0]).toMatchObject({ dims: [1], data: Float64Array.of(1) });
  });

  it("ends a graph whose steps are too many for one batch", () => {
    const bytes = costlyGraph({ doublings: 22, more: 200, keeps: false });
    expect(() => loadGraph(bytes).run([one])).toThrow(/a run takes more than 536870912 operations/);
  });

  it("refuses one value that is too large before there is memory for it", () => {
    const bytes = costlyGraph({ doublings: 25, more: 0, keeps: false });
    expect(() => loadGraph(bytes).run([one])).toThrow(/a value of \[1, 33554432\] elements, and at most 16777216/);
  });
});
