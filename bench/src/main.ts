/**
 * `npm run bench [NAME…]`: comparisons with peers, each side by side in one run, printed as a table of ratios and medians.
 * The machines are shared and noisy: read the ratios.
 * @module
 */
import { aliasMove } from "./alias-move.ts";
import { attacked } from "./attacks.ts";
import { memoryAtRest } from "./memory.ts";
import { mlflowApi } from "./mlflow.ts";
import { reading } from "./reading.ts";
import { registryScale } from "./registry-scale.ts";
import { resolveThroughput } from "./resolve.ts";
import { starting } from "./starting.ts";
import type { Row } from "./table.ts";
import { printTable } from "./table.ts";
import { transfer } from "./transfer.ts";

const benches: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  resolve: resolveThroughput,
  "alias-move": aliasMove,
  transfer,
  starting,
  memory: memoryAtRest,
  reading,
  "registry-scale": registryScale,
  mlflow: mlflowApi,
  attacks: attacked,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(`no bench named ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : Object.keys(benches)) {
  console.log(`\n${name}`);
  printTable(await benches[name]!());
}
