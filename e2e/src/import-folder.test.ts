/**
 * `mintmark import folder`: versions that people kept by hand.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embeddedStack, type Stack } from "./stack.ts";

interface Version {
  readonly version: number;
  readonly semver: string;
  readonly aliases: readonly string[];
  readonly run: string;
}

let stack: Stack;
let root: string;
beforeAll(async () => {
  stack = await embeddedStack();
  root = join(stack.dir, "project", "registry");
  for (const [semver, accuracy] of [
    ["1.0.0", 0.7],
    ["1.10.0", 0.9],
    ["1.9.0", 0.8],
  ] as const) {
    const folder = join(root, "versions", semver);
    mkdirSync(folder, { recursive: true });
    // What would be unpickled is not even looked at: this is no valid pickle.
    writeFileSync(join(folder, "model.joblib"), `\u0080\u0004 weights of ${semver}`, "latin1");
    const metadata = { version: semver, description: `the ${semver}`, metrics: { accuracy }, author: "ada" };
    writeFileSync(join(folder, "metadata.json"), JSON.stringify(metadata));
  }
  cpSync(join(root, "versions", "1.9.0"), join(root, "latest"), { recursive: true });
});
afterAll(() => stack?.stop());

describe("an import of a folder", () => {
  it("registers each version under its number, signed, with its metrics, and labels what is pickled", async () => {
    const { code, stdout } = await stack.cli("import", "folder", join(stack.dir, "project"), "kept");
    expect(stdout).toContain("kept/1.0.0 is labelled unsafe: loading model.joblib runs what is pickled in it");
    expect(stdout).toContain("latest is 1.9.0: the alias 'current' points at kept/2");
    expect(code).toBe(0);
    const versions = await stack.json<Version[]>("versions", "list", "kept");
    expect(versions.map(({ version, semver, aliases }) => [version, semver, aliases])).toEqual([
      [3, "1.10.0", []],
      [2, "1.9.0", ["current"]],
      [1, "1.0.0", []],
    ]);
    expect(await stack.json("verify", "kept@current")).toMatchObject({ ok: true });
    expect(await stack.json("versions", "show", "kept/1.9.0")).toMatchObject({
      description: "the 1.9.0",
      tags: { author: "ada", "mintmark.unsafe": "pickle: model.joblib" },
    });
    const answer = await fetch(`${stack.url}/api/2.0/mlflow/runs/get?run_id=${versions[1]!.run}`);
    expect(await answer.json()).toMatchObject({ run: { data: { metrics: [{ key: "accuracy", value: 0.8 }] } } });
    const out = join(stack.dir, "out");
    await stack.json("pull", "kept/1.9.0", "--out", out);
    for (const file of ["model.joblib", "metadata.json"])
      expect(readFileSync(join(out, file))).toEqual(readFileSync(join(root, "versions", "1.9.0", file)));
  });

  it("adds nothing when it is started again, and what is new when there is something", async () => {
    const again = await stack.json("import", "folder", root, "kept");
    expect(again).toMatchObject({ versions: { found: 3, copied: 0, present: 3 }, differences: [] });
    cpSync(join(root, "versions", "1.0.0"), join(root, "versions", "2.0.0"), { recursive: true });
    writeFileSync(join(root, "versions", "2.0.0", "metadata.json"), "{ accuracy: NaN }");
    rmSync(join(root, "latest"), { recursive: true });
    symlinkSync("versions/2.0.0", join(root, "latest"));
    const more = await stack.json<{ notes: readonly string[] }>("import", "folder", root, "kept");
    expect(more).toMatchObject({ versions: { found: 4, copied: 1, present: 3 }, differences: [] });
    expect(more.notes.join("\n")).toMatch(/kept\/2\.0\.0: metadata\.json is not JSON/);
    expect(await stack.json("versions", "show", "kept@current")).toMatchObject({ semver: "2.0.0" });
  });

  it("says what differs, and exits with 1", async () => {
    writeFileSync(join(root, "versions", "1.0.0", "model.joblib"), "other");
    mkdirSync(join(root, "versions", "drafts"));
    rmSync(join(root, "latest"));
    mkdirSync(join(root, "latest"));
    writeFileSync(join(root, "latest", "model.joblib"), "nobody's");
    const { code, stdout } = await stack.cli("import", "folder", root, "kept");
    expect(code).toBe(1);
    expect(stdout).toContain("kept/1.0.0: is another one here");
    expect(stdout).toContain("versions/drafts: is no semantic version");
    expect(stdout).toContain("latest: holds the files of none of the versions");
  });

  it("refuses links among the files, and a folder of another form", async () => {
    symlinkSync("/etc/passwd", join(root, "versions", "2.0.0", "passwd"));
    expect(await stack.cli("import", "folder", root, "linked")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("'passwd' is a link"),
    });
    expect(await stack.cli("import", "folder", stack.dir, "nothing")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("holds neither versions/ nor registry/versions/"),
    });
    expect((await stack.cli("models", "show", "linked")).code).toBe(1);
  });
});
