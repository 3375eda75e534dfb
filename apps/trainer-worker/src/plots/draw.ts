/**
 * Draws plots as SVG, without a browser: Vega-Lite says what, Vega draws it.
 *
 * The two are loaded when the first plot is drawn. They take 30 MB and some hundred milliseconds, which a child that waits for a
 * job, or fits, has no use for.
 * @module
 */
import type { Plot, PlotRow } from "./plot.ts";

/** Files by name: of each plot its drawing, and its data as CSV. The same plots give the same bytes. */
export async function drawPlots(plots: readonly Plot[]): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const plot of plots) {
    files.set(`${plot.name}.svg`, Buffer.from(await draw(plot)));
    files.set(`${plot.name}.csv`, Buffer.from(csv(plot.rows)));
  }
  return files;
}

async function draw({ rows, spec }: Plot): Promise<string> {
  const { parse, resetSVGDefIds, View } = await import("vega");
  const { compile } = await import("vega-lite");
  const compiled = compile({ ...spec, ...look, data: { values: [...rows] } }).spec;
  const view = new View(parse(compiled), { renderer: "none" });
  try {
    // Of gradients and the like, which are numbered through all that a process draws.
    resetSVGDefIds();
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

const look = {
  width: 400,
  height: 320,
  background: "white",
  config: { font: "sans-serif", title: { anchor: "start" } },
} as const;

/** RFC 4180; infinity as Python and JavaScript read it back. */
function csv(rows: readonly PlotRow[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column]!))];
  return lines.map((line) => `${line.map(cell).join(",")}\r\n`).join("");
}

function cell(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
