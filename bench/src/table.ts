/**
 * Figures and how they are shown.
 * @module
 */

export interface Row {
  readonly what: string;
  /** The figure with its unit. */
  readonly measured: string;
  /** What we want it to be. */
  readonly goal: string;
  readonly met: boolean;
}

export function printTable(rows: readonly Row[]): void {
  const cells = [
    ["what", "measured", "goal", ""],
    ...rows.map((row) => [row.what, row.measured, row.goal, row.met ? "met" : "MISSED"]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  for (const row of cells)
    console.log(
      `  ${row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd()}`,
    );
}

/** The middle value; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

export function spread(values: readonly number[], digits = 2): string {
  return `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)})`;
}
