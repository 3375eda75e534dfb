import { parseTrainingConfig, type TrainingConfig } from "@mintmark/training-file";
import { describe, expect, it } from "vitest";
import { failureOf } from "../failure.ts";
import { fitRows } from "./fit.ts";
import type { Rows } from "./split.ts";

const rows: Rows = {
  count: 4,
  columns: [{ type: "number", name: "a", values: Float64Array.of(1, 2, 3, 4) }],
  target: { kind: "classes", labels: Int32Array.of(0, 1, 0, 1), classes: 2 },
};
const silent = { iteration: () => {} };

describe("fitRows", () => {
  it("tells the user what an algorithm cannot learn from", () => {
    const same = { ...rows, target: { kind: "classes", labels: new Int32Array(4), classes: 2 } } as const;
    const error = caught(() => fitRows(config(), same, silent));
    expect(error).toMatchObject({ reason: "FIT_REFUSED", message: expect.stringContaining("at least 2 classes") });
  });

  it.each([
    ["memory is at its end", () => new Float64Array(2 ** 52)],
    ["the stack is at its end", () => recurse(0)],
    ["a text is longer than one can be", () => "x".repeat(2 ** 30)],
  ])("takes it as a fault inside, and as nobody's wrong argument, that %s", (_what, exhaust) => {
    const error = caught(() => fitRows(config(), rows, { iteration: () => void exhaust() }));
    expect(error).toBeInstanceOf(RangeError);
    expect(failureOf(error)).toMatchObject({ reason: "INTERNAL", retryable: false });
  });
});

function recurse(depth: number): number {
  return 1 + recurse(depth + 1);
}

function caught(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("expected a failure");
}

function config(): TrainingConfig {
  return parseTrainingConfig({
    model: "main.default.m",
    task: "classification",
    data: { source: "a.csv", target: "y" },
    algorithm: { name: "random-forest", params: { n_estimators: 2 } },
  });
}
