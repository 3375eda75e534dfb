/**
 * Makes a fresh process, which has a temporary folder of its own, ready: opens the database once and trains something small, so that
 * code is loaded and compiled before the first job asks for it.
 * @module
 */
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTable } from "@mintmark/dataset";
import { parseTrainingConfig } from "@mintmark/training-file";
import { buildModel } from "./build-model.ts";
import { startClock } from "./step-clock.ts";

export async function warmUp(): Promise<void> {
  const path = join(tmpdir(), "warm.csv");
  try {
    await writeFile(path, `a,b,y\n${Array.from({ length: 200 }, rowOf).join("")}`);
    const table = await readTable({ files: [path], query: "SELECT * FROM source" });
    const config = parseTrainingConfig({
      model: "warm-up",
      data: { source: "warm.csv", target: "y" },
      algorithm: { name: "gradient-boosting", params: { n_estimators: 5 } },
    });
    const clock = startClock(() => {}, new AbortController().signal);
    await buildModel(config, { table, files: [] }, { clock, report: () => {}, log: () => {}, requireWanted: () => {} });
  } finally {
    await rm(path, { force: true });
  }
}

function rowOf(_: unknown, row: number): string {
  return `${row % 17},${"xyz"[row % 3]},${row % 17 > 8 ? "up" : "down"}\n`;
}
