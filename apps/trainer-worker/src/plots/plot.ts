/**
 * A plot before it is drawn: its data as a table, and how Vega-Lite shows them.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";

export interface Plot {
  /** Names its files: `<name>.svg` and `<name>.csv`. */
  readonly name: string;
  /** What is drawn, and nothing that is not. */
  readonly rows: readonly PlotRow[];
  /** Without the data, the size and the look, which are the same for all. */
  readonly spec: Omit<Extract<TopLevelSpec, { readonly layer: unknown }>, "data">;
}

export type Layer = Plot["spec"]["layer"][number];

export type PlotRow = Readonly<Record<string, string | number>>;

/** More points than this make a file larger and no line finer. */
const maxPoints = 400;

/** At most {@link maxPoints} of them, evenly spread, the first and the last among them. */
export function thinned<T>(points: readonly T[]): readonly T[] {
  if (points.length <= maxPoints) return points;
  const step = (points.length - 1) / (maxPoints - 1);
  return Array.from({ length: maxPoints }, (_, i) => points[Math.round(i * step)]!);
}

/** A dashed line that is no data: what chance would give, or a perfect model. */
export function reference([x, y]: readonly [number, number], [x2, y2]: readonly [number, number]): Layer {
  return {
    data: { values: [{ x, y, x2, y2 }] },
    mark: { type: "rule", strokeDash: [4, 4], color: "gray" },
    encoding: {
      x: { field: "x", type: "quantitative" },
      y: { field: "y", type: "quantitative" },
      x2: { field: "x2" },
      y2: { field: "y2" },
    },
  };
}
