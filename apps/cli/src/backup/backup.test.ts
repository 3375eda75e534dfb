/**
 * A system with a trained model, saved while it runs and made again from the file.
 */
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bench, type Up } from "../testing/bench.ts";

const { scratch, up, run, clear } = bench();
const file = join(scratch, "saved.mintmark");
const example = fileURLToPath(new URL("../../../../examples/iris_tree.yaml", import.meta.url));

async function json(url: string, ...args: string[]): Promise<unknown> {
  const { out, code, err } = await run(...args, "--json", "--server", url);
  expect(code, `${out}${err}`).toBe(0);
  return JSON.parse(out);
}

/** Everything that a user can see of the model. */
async function view({ url }: Up): Promise<unknown[]> {
  const questions = [
    ["models", "show", "iris"],
    ["versions", "list", "iris"],
    ["alias", "history", "iris"],
    ["jobs", "list"],
    ["token", "list"],
    ["lineage", "iris/1"],
  ];
  const answers: unknown[] = [];
  for (const question of questions) answers.push(await json(url, ...question));
  return answers;
}

describe("backup and restore", () => {
  let before: unknown[];
  beforeAll(async () => {
    const system = await up(join(scratch, "data"));
    await json(system.url, "train", example);
    await json(system.url, "alias", "set", "iris", "champion", "1", "--reason", "the only one");
    before = await view(system);
    const saved = await run("backup", file, "--data-dir", join(scratch, "data"), "--json");
    expect(saved.code, saved.out).toBe(0);
    expect(JSON.parse(saved.out)).toMatchObject({ file, blobs: expect.any(Number) });
    system.child.kill("SIGTERM");
    await system.ended;
  }, 120_000);
  afterAll(clear);

  it("bring back everything, and the next version gets the next number", async () => {
    const restored = await run("restore", file, "--data-dir", join(scratch, "restored"));
    expect(restored.code, restored.err).toBe(0);
    const system = await up(join(scratch, "restored"));
    expect(await view(system)).toEqual(before);
    expect(await json(system.url, "verify", "iris@champion")).toMatchObject({ ok: true });
    expect(await json(system.url, "train", example)).toMatchObject({ version: 2 });
    system.child.kill("SIGTERM");
    expect(await system.ended).toBe(0);
  });

  it("save a system that does not run", async () => {
    const second = join(scratch, "second.mintmark");
    expect((await run("backup", second, "--data-dir", join(scratch, "data"))).code).toBe(0);
    expect(statSync(second).mode & 0o777).toBe(0o600);
  });

  it("replace nothing that is there", async () => {
    expect((await run("backup", file, "--data-dir", join(scratch, "data"))).err).toContain("a backup replaces nothing");
    const { code, err } = await run("restore", file, "--data-dir", join(scratch, "data"));
    expect([code, err]).toEqual([1, expect.stringContaining("is not empty")]);
  });

  it("bring back a blob that doctor finds damaged, on a stopped system and on one that runs", async () => {
    const dir = join(scratch, "data");
    const report = async () => JSON.parse((await run("doctor", "--blobs", "--data-dir", dir, "--json")).out).blobs;
    expect(await report()).toMatchObject({ checked: expect.any(Number), damaged: [] });
    const blobs = join(dir, "blobs", "blobs");
    const file = onlyFile(blobs, (bytes) => bytes.includes("flavors:"));
    const bytes = readFileSync(file);
    writeFileSync(file, "");
    const stopped = await run("doctor", "--blobs", "--data-dir", dir);
    expect([stopped.code, stopped.err]).toEqual([1, ""]);
    expect(stopped.out).toMatch(/^failed +blobs +cut: [0-9a-f]{64} of \d+ bytes, needed by .*models:\/iris\/1/m);
    expect(stopped.out).toContain("back from a backup");
    const system = await up(dir);
    expect((await report()).damaged).toEqual([expect.objectContaining({ state: "cut" })]);
    writeFileSync(file, bytes);
    expect((await run("doctor", "--blobs", "--data-dir", dir)).code).toBe(0);
    system.child.kill("SIGTERM");
    await system.ended;
  }, 60_000);

  it.each([
    ["shortened", (bytes: Buffer) => bytes.subarray(0, bytes.length - 3000)],
    ["changed", (bytes: Buffer) => flipped(bytes, bytes.indexOf("keys/trusted/local-p256.pem\u0000") + 600)],
    ["of another kind", () => Buffer.from("PK\u0003\u0004 a zip")],
  ])("leave nothing of a file that is %s", async (kind, damage) => {
    const damaged = join(scratch, "damaged.mintmark");
    copyFileSync(file, damaged);
    writeFileSync(damaged, damage(readFileSync(damaged)));
    const target = join(scratch, kind);
    const { code, out } = await run("restore", damaged, "--data-dir", target, "--json");
    expect([code, JSON.parse(out).error.reason]).toEqual([1, "BACKUP_DAMAGED"]);
    expect(existsSync(target) ? readdirSync(target) : []).toEqual([]);
  });
});

/** The file below a folder whose content is it. */
function onlyFile(folder: string, is: (bytes: Buffer) => boolean): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name)).find((path) => is(readFileSync(path)))!;
}

function flipped(bytes: Buffer, at: number): Buffer {
  bytes[at] = bytes[at]! ^ 1;
  return bytes;
}
