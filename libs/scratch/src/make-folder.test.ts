import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { makeFolder } from "./make-folder.ts";

const scratch = mkdtempSync(join(tmpdir(), "mintmark-make-folder-test-"));
afterAll(() => rmSync(scratch, { recursive: true }));

it("makes what is missing, closed as asked, and says what was new", () => {
  expect(makeFolder(join(scratch, "a", "b", "c"), 0o700)).toBe(join(scratch, "a"));
  expect(statSync(join(scratch, "a", "b", "c")).mode & 0o777).toBe(0o700);
  expect(makeFolder(join(scratch, "a", "b", "c"))).toBe(undefined);
  expect(makeFolder(join(scratch, "a", "d"))).toBe(join(scratch, "a", "d"));
});

it("leaves nothing where a file is in the way", () => {
  writeFileSync(join(scratch, "file"), "");
  expect(() => makeFolder(join(scratch, "file", "x", "y"))).toThrow(/EEXIST|ENOTDIR/);
  mkdirSync(join(scratch, "whole"));
  expect(() => makeFolder(join(scratch, "whole", "new", "n".repeat(300)))).toThrow("ENAMETOOLONG");
  expect(existsSync(join(scratch, "whole", "new"))).toBe(false);
});

// In a process of its own: what it guards against never returns.
it.runIf(existsSync("/proc/self"))("ends where a folder takes no others", () => {
  const module = new URL("./make-folder.ts", import.meta.url).href;
  const ask = `import { makeFolder } from ${JSON.stringify(module)};
    try { makeFolder("/proc/nope/deeper"); } catch (error) { process.stdout.write(error.code); }`;
  const options = { encoding: "utf8", timeout: 10_000, killSignal: "SIGKILL" } as const;
  expect(execFileSync(process.execPath, ["--input-type=module", "-e", ask], options)).toBe("ENOENT");
});
