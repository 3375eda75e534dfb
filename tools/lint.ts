/**
 * `npm run lint`: format and lint, types, module boundaries and the repository's other rules, proto style, dead code,
 * and generated code that is out of date.
 * @module
 */
import { spawnSync } from "node:child_process";

const checks: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ["format and lint", "biome", "check", "--error-on-warnings", "."],
  ["types", "tsc", "-p", "tsconfig.json"],
  ["module boundaries", "vitest", "run", "--project", "parts", "--reporter=dot", "tools"],
  ["proto style", "buf", "lint"],
  ["proto format", "buf", "format", "--diff", "--exit-code"],
  ["dead code", "knip"],
  ["generated code", "node", "tools/check-generated.ts"],
];

const failed = checks.filter(([name, command, ...args]) => {
  console.log(`lint: ${name}`);
  return spawnSync(command, args, { stdio: "inherit" }).status !== 0;
});
console.log(failed.length === 0 ? "lint: clean" : `lint: failed: ${failed.map(([name]) => name).join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
