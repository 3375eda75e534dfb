import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makePrivateFolder } from "./private-folder.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "mintmark-private-"));
});
afterAll(() => rm(root, { recursive: true }));

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

it("makes a folder that nobody else may enter, and closes one that is open", async () => {
  const path = join(root, "new", "spool");
  await makePrivateFolder(path);
  expect(await modeOf(path)).toBe(0o700);
  await chmod(path, 0o755);
  await makePrivateFolder(path);
  expect(await modeOf(path)).toBe(0o700);
});

it("takes no link, and no file", async () => {
  await mkdir(join(root, "elsewhere"));
  await symlink(join(root, "elsewhere"), join(root, "link"));
  await expect(makePrivateFolder(join(root, "link"))).rejects.toThrow("is no folder");
  await writeFile(join(root, "file"), "");
  await expect(makePrivateFolder(join(root, "file"))).rejects.toThrow(/EEXIST/);
});

it.runIf(process.getuid?.() === 0)("takes no folder of another account", async () => {
  const { chown } = await import("node:fs/promises");
  await mkdir(join(root, "theirs"));
  await chown(join(root, "theirs"), 65_534, 65_534);
  await expect(makePrivateFolder(join(root, "theirs"))).rejects.toThrow("belongs to another account");
});
