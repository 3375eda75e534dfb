import { parseTrainingConfig, type TrainingConfig } from "@mintmark/training-file";
import { expect, it } from "vitest";
import type { Rows } from "../steps/split.ts";
import { decodeState, encodeState, type FitState, fitKey } from "./fit-state.ts";

const rows: Rows = {
  count: 2,
  columns: [
    { type: "number", name: "a", values: Float64Array.of(1, 2) },
    { type: "text", name: "b", values: ["x", "y"] },
  ],
  target: { kind: "classes", labels: Int32Array.of(0, 1), classes: 2 },
};
const state: FitState = {
  fit: {
    iterations: 1,
    trees: [
      {
        tree: {
          feature: Int32Array.of(-1),
          threshold: Float64Array.of(0),
          left: Int32Array.of(-1),
          right: Int32Array.of(-1),
          output: 0,
          value: Float64Array.of(0.1 + 0.2),
        },
        gain: Float64Array.of(0, 1e-300),
      },
    ],
  },
  losses: [{ iteration: 1, loss: 0.5, time: 7 }],
};

it("comes back to the last bit, for the same fit only", () => {
  const bytes = encodeState("key", state);
  expect(decodeState("key", bytes)).toEqual(state);
  expect(decodeState("other", bytes)).toBeNull();
  expect(decodeState("key", bytes.subarray(0, bytes.length - 3))).toBeNull();
});

it("is of another fit where rows, target, preprocessing or the algorithm differ, and of the same where only names do", () => {
  const [a, b] = rows.columns;
  const same = fitKey(config({}), rows);
  const keys = [
    fitKey(config({}), { ...rows, columns: [{ type: "number", name: "a", values: Float64Array.of(1, 3) }, b!] }),
    fitKey(config({}), { ...rows, columns: [a!, { type: "text", name: "b", values: ["x", "z"] }] }),
    fitKey(config({}), { ...rows, columns: [a!, { type: "text", name: "b", values: ["xy", ""] }] }),
    fitKey(config({}), { ...rows, columns: [b!, a!] }),
    fitKey(config({}), { ...rows, target: { kind: "classes", labels: Int32Array.of(1, 0), classes: 2 } }),
    fitKey(config({ algorithm: { name: "random-forest", params: { n_estimators: 7 } } }), rows),
    fitKey(config({ algorithm: { name: "random-forest", seed: 7 } }), rows),
    fitKey(config({ preprocess: [{ "ordinal-encode": ["b"] }] }), rows),
  ];
  expect(new Set([same, ...keys]).size).toBe(9);
  expect(fitKey(config({ model: "other", evaluate: { folds: 0 } }), rows)).toBe(same);
});

function config(changes: object): TrainingConfig {
  return parseTrainingConfig({
    model: "m",
    data: { source: "x.csv", target: "y" },
    algorithm: { name: "random-forest" },
    ...changes,
  });
}
