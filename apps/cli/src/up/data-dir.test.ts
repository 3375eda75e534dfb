import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, it } from "vitest";
import { dataDir, lockDataDir, prepareDataDir } from "./data-dir.ts";

const scratch = mkdtempSync(join(tmpdir(), "mintmark-data-dir-test-"));
chmodSync(scratch, 0o755);
const umask = process.umask();
afterEach(() => void process.umask(umask));
afterAll(() => rmSync(scratch, { recursive: true }));

const own = (name: string) => join(scratch, name);

it("a folder of somebody's own is not filled up", () => {
  mkdirSync(own("thesis"));
  writeFileSync(join(own("thesis"), "chapter-1.tex"), "");
  mkdirSync(join(own("thesis"), "logs"));
  expect(() => prepareDataDir(dataDir(own("thesis")))).toThrow(
    `${own("thesis")} holds 'chapter-1.tex' and no data of Mintmark; name an empty or a new directory with --data-dir`,
  );
  expect(readdirSync(own("thesis"))).toEqual(["chapter-1.tex", "logs"]);
});

it.each([
  ["is empty", []],
  ["a killed start left", ["run", "logs"]],
  ["is a new file system", ["lost+found"]],
  ["has keys that were made before", ["keys/trusted"]],
])("a directory that %s is taken", (what, folders) => {
  const dir = dataDir(own(what));
  for (const folder of ["", ...folders]) mkdirSync(join(dir.root, folder), { recursive: true });
  prepareDataDir(dir);
  expect(existsSync(dir.blobs)).toBe(true);
});

it("what somebody puts beside the data does not close it", () => {
  const dir = dataDir(own("used"));
  prepareDataDir(dir);
  lockDataDir(dir).release();
  writeFileSync(join(dir.root, "notes.txt"), "");
  prepareDataDir(dir);
});

it.each([
  [0o022, 0o711],
  [0o027, 0o711],
  [0o077, 0o700],
])("with a umask of %o it has mode %o", (mask, mode) => {
  process.umask(mask);
  const dir = dataDir(own(`mask-${mask}`));
  prepareDataDir(dir);
  expect(statSync(dir.root).mode & 0o777).toBe(mode);
});
