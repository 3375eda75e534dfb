/**
 * Fails if the committed generated code is not what `npm run generate` writes: generates into a scratch folder and compares.
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const committed = "libs/proto/src/gen";
const scratch = mkdtempSync(join(tmpdir(), "mintmark-generate-"));
try {
  const run = spawnSync("buf", ["generate", "--output", scratch], { stdio: "inherit" });
  if (run.status !== 0) throw new Error("buf generate failed");
  const fresh = join(scratch, committed);
  const names = new Set([...files(fresh), ...files(committed)]);
  const stale = [...names].filter((name) => read(fresh, name) !== read(committed, name));
  for (const name of stale) console.error(`${committed}/${name} is out of date; run 'npm run generate'`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

function read(folder: string, name: string): string | undefined {
  try {
    return readFileSync(join(folder, name), "utf8");
  } catch {
    return undefined;
  }
}
