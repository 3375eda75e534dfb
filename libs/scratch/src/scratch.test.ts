import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { hasEnded, ownMark } from "./process-mark.ts";
import { makeScratch, sweepScratch } from "./scratch.ts";

const system = process.env["TMPDIR"];
const scratchModule = new URL("./scratch.ts", import.meta.url).href;
const started: ChildProcess[] = [];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(system ?? "/tmp", "mintmark-scratch-test-"));
  process.env["TMPDIR"] = folder;
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  if (system === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = system;
  rmSync(folder, { recursive: true });
});

it("a folder is this account's alone, and gone when it is removed, with what is in it", async () => {
  const { path, remove } = makeScratch("job");
  expect(path.startsWith(join(tmpdir(), "mintmark-job-"))).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  mkdirSync(join(path, "deep"));
  writeFileSync(join(path, "deep", "file"), "x");
  await remove();
  await remove();
  expect(existsSync(path)).toBe(false);
});

it("a process that exits takes its folders along, also in the middle of its work", () => {
  const program = `const { makeScratch } = await import(${JSON.stringify(scratchModule)});
    for (let i = 0; i < 20; i++) makeScratch("job"); process.exit(0)`;
  execFileSync(process.execPath, ["--input-type=module", "-e", program]);
  expect(readdirSync(folder)).toEqual([]);
});

it("a sweep takes what killed processes left, and nothing of those that live", async () => {
  const [killed, alive] = [await holder(), await holder()];
  const own = makeScratch("job");
  killed.kill("SIGKILL");
  await once(killed, "exit");
  expect(readdirSync(folder)).toHaveLength(3);
  await sweepScratch();
  const left = readdirSync(folder);
  expect(left).toHaveLength(2);
  expect(left).toContain(own.path.split("/").at(-1));
  expect(left.some((name) => name.includes(`-${alive.pid}-`))).toBe(true);
  await own.remove();
});

it("a sweep takes nothing of another machine, of another form, or that only looks like a folder of ours", async () => {
  const ended = ownMark.replace(/\d+-\d+$/, "4194303-1");
  expect(hasEnded(ended)).toBe(true);
  const others = [
    `mintmark-job-${"0".repeat(16)}-4194303-1-abcdef`,
    "mintmark-job-abcdef",
    `mintmark-job-${ended}`,
    `mintmark-job-${ended}-abcdef.kept`,
  ];
  for (const name of others) mkdirSync(join(folder, name));
  const outside = join(folder, "outside");
  mkdirSync(outside);
  symlinkSync(outside, join(folder, `mintmark-job-${ended}-abcdeg`));
  mkdirSync(join(folder, `mintmark-job-${ended}-abcdef`));
  await sweepScratch();
  expect(readdirSync(folder).sort()).toEqual([...others, "outside", `mintmark-job-${ended}-abcdeg`].sort());
});

it("a process is known by its start, not only by its id", () => {
  expect(hasEnded(ownMark)).toBe(false);
  expect(hasEnded(ownMark.replace(/\d+$/, "1"))).toBe(true);
  expect(hasEnded(ownMark.replace(/\d+-\d+$/, `${process.ppid}-1`))).toBe(process.platform === "linux");
  expect(hasEnded("no mark")).toBe(false);
});

/** A process that has a folder and waits. */
async function holder(): Promise<ChildProcess> {
  const program = `const { makeScratch } = await import(${JSON.stringify(scratchModule)});
    makeScratch("job"); console.log("made"); setInterval(() => {}, 1000)`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  started.push(child);
  await once(child.stdout!, "data");
  return child;
}
