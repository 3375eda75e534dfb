/**
 * Plots of how a regression does on rows that it has not seen.
 * @module
 */
import { type Layer, type Plot, reference, thinned } from "./plot.ts";

export function regressionPlots(truth: Float64Array, predicted: Float64Array): readonly Plot[] {
  const rows = thinned(Array.from(truth, (actual, i) => ({ actual, predicted: predicted[i]! })));
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { actual, predicted } of rows) {
    least = Math.min(least, actual, predicted);
    most = Math.max(most, actual, predicted);
  }
  return [
    {
      name: "predicted-vs-actual",
      rows,
      spec: {
        title: "Predicted and actual (test rows)",
        layer: [reference([least, least], [most, most]), points("actual", "predicted")],
      },
    },
    {
      name: "residuals",
      rows: rows.map(({ actual, predicted }) => ({ predicted, residual: actual - predicted })),
      spec: {
        title: "Residuals (test rows)",
        layer: [reference([least, 0], [most, 0]), points("predicted", "residual")],
      },
    },
  ];
}

function points(x: string, y: string): Layer {
  const scale = { zero: false };
  return {
    mark: { type: "point", filled: true, size: 20, opacity: 0.6 },
    encoding: {
      x: { field: x, type: "quantitative", title: x, scale },
      y: { field: y, type: "quantitative", title: y, scale },
    },
  };
}
