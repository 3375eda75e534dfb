/**
 * Plots of what was learned, and how.
 * @module
 */
import type { LossPoint } from "../checkpoint/fit-state.ts";
import type { CardFacts } from "../steps/package.ts";
import { type Plot, thinned } from "./plot.ts";

const maxFeatures = 30;

/** The features that contribute most, largest first. */
export function importancePlot(importance: CardFacts["importance"]): Plot {
  const rows = importance.slice(0, maxFeatures).map(({ feature, importance }) => ({ feature, importance }));
  const more = importance.length > rows.length ? ` (${rows.length} of ${importance.length})` : "";
  return {
    name: "feature-importance",
    rows,
    spec: {
      title: `Feature importance${more}`,
      layer: [
        {
          mark: "bar",
          encoding: {
            x: { field: "importance", type: "quantitative", title: "share" },
            y: { field: "feature", type: "nominal", sort: rows.map(({ feature }) => feature), title: null },
          },
        },
      ],
    },
  };
}

export function lossPlot(losses: readonly LossPoint[]): Plot {
  return {
    name: "loss-curve",
    rows: thinned(losses).map(({ iteration, loss }) => ({ iteration, loss })),
    spec: {
      title: "Training loss",
      layer: [
        {
          mark: "line",
          encoding: {
            x: { field: "iteration", type: "quantitative" },
            y: { field: "loss", type: "quantitative", scale: { zero: false } },
          },
        },
      ],
    },
  };
}
