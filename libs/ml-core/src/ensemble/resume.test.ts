import { deserialize, serialize } from "node:v8";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Checkpoint, FitPort } from "../base/fit-port.ts";
import { type Matrix, matrix } from "../base/matrix.ts";
import { type RngKey, uniform } from "../base/rng.ts";
import type { Target } from "../base/target.ts";
import { fitGradientBoosting } from "./gradient-boosting.ts";
import { fitRandomForest } from "./random-forest.ts";

type Fit = (x: Matrix, y: Target, key: RngKey, port: FitPort) => unknown;
const iterations = 7;
const few = { n_estimators: iterations, min_data_in_leaf: 3 };
const fits: readonly (readonly [string, Fit])[] = [
  ["gradient boosting", (x, y, key, port) => fitGradientBoosting(x, y, { ...few, num_leaves: 6 }, key, port)],
  [
    "gradient boosting on drawn rows and columns",
    (x, y, key, port) =>
      fitGradientBoosting(x, y, { ...few, bagging_fraction: 0.7, feature_fraction: 0.5, max_bin: 9 }, key, port),
  ],
  ["a random forest", (x, y, key, port) => fitRandomForest(x, y, { n_estimators: iterations }, key, port)],
];

describe.each(fits)("%s that is cut off", (_name, fit) => {
  it.each(["values", "2 classes", "3 classes"])("goes on to the same estimator of %s from any iteration", (task) => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(1, 1e-9, 1e9), (seed, unit) => {
        const { x, y } = sample(task, seed, unit);
        const key = { hi: seed, lo: 1 };
        const states: Checkpoint[] = [];
        const whole = fit(x, y, key, keeping(states));
        expect(states.map((state) => state.iterations)).toEqual([1, 2, 3, 4, 5, 6]);
        for (const state of states) {
          const told: number[] = [];
          expect(fit(x, y, key, resuming(deserialize(serialize(state)), told))).toEqual(whole);
          expect(told[0]).toBe(state.iterations + 1);
        }
      }),
      { numRuns: 10 },
    );
  });

  it("asks for no state that nobody wants", () => {
    const { x, y } = sample("values", 1, 1);
    const save = () => expect.unreachable();
    const checkpoints = { resumeFrom: undefined, isWanted: () => false, save };
    fit(x, y, { hi: 1, lo: 1 }, { iteration: () => {}, checkpoints });
  });
});

function keeping(states: Checkpoint[]): FitPort {
  const save = (state: Checkpoint) => void states.push(state);
  return { iteration: () => {}, checkpoints: { resumeFrom: undefined, isWanted: () => true, save } };
}

function resuming(resumeFrom: Checkpoint, told: number[]): FitPort {
  const checkpoints = { resumeFrom, isWanted: () => false, save: () => {} };
  return { iteration: (done) => void told.push(done), checkpoints };
}

/** 90 rows of 4 columns, some of few values. */
function sample(task: string, seed: number, unit: number): { readonly x: Matrix; readonly y: Target } {
  const rows = 90;
  const draw = (at: number) => uniform({ hi: seed, lo: 9 }, at);
  const cells = Float64Array.from({ length: rows * 4 }, (_, at) =>
    at % 4 === 0 ? Math.round(9 * draw(at)) : draw(at),
  );
  const x = matrix(cells, rows, 4);
  const curve = Float64Array.from({ length: rows }, (_, row) => cells[row * 4]! * cells[row * 4 + 1]! + draw(-row));
  if (task === "values") return { x, y: { kind: "values", values: curve.map((value) => value * unit) } };
  const classes = task === "2 classes" ? 2 : 3;
  return {
    x,
    y: { kind: "classes", labels: Int32Array.from(curve, (value, row) => (value + row) % classes), classes },
  };
}
