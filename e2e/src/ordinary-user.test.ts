import { spawnSync } from "node:child_process";
import { chownSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { checkout, mintmarkBin, run, start } from "./process.ts";

// Where the suite itself runs as an ordinary user, every other test shows this.
const isRoot = process.getuid?.() === 0;
const nobody = 65_534;
const as = ["--reuid", `${nobody}`, "--regid", `${nobody}`, "--clear-groups"];
/** That user has to be able to read the checkout; where the checkout lies is not ours to require. */
const canRead = isRoot && spawnSync("setpriv", [...as, "test", "-x", mintmarkBin]).status === 0;
if (isRoot && !canRead) console.warn(`skipped: needs a checkout that others may read; run: chmod a+rX ${checkout}`);

it.runIf(canRead)("the whole stack runs as an ordinary user, and trains", async () => {
  const home = mkdtempSync(join(tmpdir(), "mintmark-user-"));
  chownSync(home, nobody, nobody);
  const dir = join(home, "data");
  const env = { HOME: home, XDG_STATE_HOME: home, XDG_CACHE_HOME: home };
  const ports = ["--port", "0", "--grpc-port", "0", "--registry-port", "0"];
  const up = start("setpriv", [...as, mintmarkBin, "up", "--data-dir", dir, ...ports], { env, cwd: home });
  try {
    const [, url] = await up.line(/^ready (http:\S+)/, 60_000);
    expect(statSync(join(dir, "postgres")).uid).toBe(nobody);
    const train = ["train", `${checkout}examples/iris_tree.yaml`, "--json"];
    const answer = await run("setpriv", [...as, mintmarkBin, ...train], {
      env: { ...env, MINTMARK_URL: url },
      cwd: home,
    });
    expect(answer.code, answer.stdout + answer.stderr).toBe(0);
  } finally {
    expect(await up.stop()).toBe(0);
    rmSync(home, { recursive: true, force: true });
  }
});
