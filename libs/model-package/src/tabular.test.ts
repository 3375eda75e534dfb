import { expect, it } from "vitest";
import { toRows } from "./tabular.ts";

it("gives one object a row, with null for NaN", () => {
  const rows = toRows([
    { type: "text", name: "prediction", values: ["a", "b"] },
    { type: "number", name: "probability_a", values: new Float64Array([0.25, Number.NaN]) },
    { type: "boolean", name: "is_anomaly", values: [true, false] },
  ]);
  expect(rows).toEqual([
    { prediction: "a", probability_a: 0.25, is_anomaly: true },
    { prediction: "b", probability_a: null, is_anomaly: false },
  ]);
});
