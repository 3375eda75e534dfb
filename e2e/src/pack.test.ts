import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findSnapshots } from "@mintmark/dataset";
import { connectRegistry } from "@mintmark/registry-client";
import { parseTrainingFile } from "@mintmark/training-file";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkout, run, start } from "./process.ts";

interface Trained {
  readonly version: number;
  readonly digest: string;
}

const scratch = mkdtempSync(join(tmpdir(), "mintmark-packed-"));
let tarball: string;
beforeAll(async () => {
  // Closed to others: where root runs this, Postgres runs as another user all the same.
  tarball = await packed("first");
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe("what npm run pack writes", () => {
  it("holds programs, what they read, documents and examples: no TypeScript, no test, no path of this machine", async () => {
    const names = (await succeeds("tar", ["-tzf", tarball])).trim().split("\n");
    expect(names.filter((name) => /\.ts$|\.test\.|\/testing\/|\/(e2e|bench|tools)\/|node_modules/.test(name))).toEqual(
      [],
    );
    for (const name of ["README.md", "LICENSE", "examples/titanic.yaml", "examples/titanic.csv", "docs/data.md"])
      expect(names).toContain(`package/${name}`);
    const contents = await succeeds("tar", ["-xzOf", tarball]);
    for (const path of [checkout.slice(0, -1), tmpdir()].filter((path) => path !== "/tmp"))
      expect(contents).not.toContain(path);
  });

  it("is a megabyte at most, and the same bytes when packed again", async () => {
    const bytes = readFileSync(tarball);
    expect(bytes.length).toBeLessThan(2 ** 20);
    expect(sha256(readFileSync(await packed("second")))).toBe(sha256(bytes));
  });

  it("runs the whole system from an empty folder, without a script of any package, and trains, predicts and checks", async () => {
    const folder = join(scratch, "a folder");
    mkdirSync(folder);
    // npm 12 runs no install script unasked, so none may be needed.
    const quick = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
    await succeeds("npm", ["install", "--prefix", folder, ...quick, tarball], folder);
    await succeeds("cp", ["-r", "node_modules/mintmark/examples", "."], folder);
    const mintmark = join(folder, "node_modules", ".bin", "mintmark");
    expect(await succeeds(mintmark, ["--version"], folder)).toMatch(/^mintmark \d+\.\d+\.\d+\n$/);

    const ports = ["--port", "0", "--grpc-port", "0", "--registry-port", "0"];
    const up = start(mintmark, ["up", "--workers", "1", ...ports], { cwd: folder });
    try {
      const [, url = ""] = await up.line(/^ready (http:\S+)/, 60_000);
      const cli = async <T>(...args: string[]) =>
        JSON.parse(await succeeds(mintmark, [...args, "--json"], folder, { MINTMARK_URL: url })) as T;

      const file = join(folder, "examples", "titanic.yaml");
      const { version, digest } = await cli<Trained>("train", file);
      expect([version, digest]).toEqual([1, expect.stringMatching(/^blake3:/)]);
      const rows = file.replace(/yaml$/, "csv");
      const { predictions } = await cli<{ predictions: unknown[] }>("predict", "titanic/1", "--data", rows);
      expect(predictions).toHaveLength(2201);
      // The check runs in a process of the registry's, with a thread beside it.
      expect(await checkedRows(url, file)).toBe(2201);
      expect(existsSync(join(folder, "node_modules", ".cache", "mintmark"))).toBe(true);
    } finally {
      expect(await up.stop(), up.output.stderr).toBe(0);
    }
    // npm writes half a gigabyte.
  }, 180_000);
});

/** Packs into a folder of its own. */
async function packed(name: string): Promise<string> {
  const out = join(scratch, name);
  const told = await succeeds("npm", ["run", "--silent", "pack", "--", "--out", out], checkout);
  return told.slice(0, told.indexOf(".tgz") + ".tgz".length);
}

/** By the call, for data that a training has uploaded. */
async function checkedRows(url: string, file: string): Promise<number> {
  const client = connectRegistry({ baseUrl: url, token: undefined, httpVersion: "1.1" });
  const config = parseTrainingFile(readFileSync(file, "utf8"), { set: [] });
  const files = await findSnapshots(config.data.source, join(file, ".."));
  const snapshots = files.map(({ name, blake3, sha256, size }) => ({ name, blake3, sha256, size: BigInt(size) }));
  try {
    return Number((await client.jobs.checkJob({ configJson: JSON.stringify(config), snapshots })).rows);
  } finally {
    client.close();
  }
}

async function succeeds(command: string, args: readonly string[], cwd = scratch, env = {}): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, { cwd, env });
  expect(code, `${command} ${args.join(" ")}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
