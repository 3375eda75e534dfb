import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { failureOf } from "./failure.ts";

const cwd = mkdtempSync(join(tmpdir(), "mintmark-file-failure-test-"));
writeFileSync(join(cwd, "file"), "");
symlinkSync("loop", join(cwd, "loop"));
afterAll(() => rmSync(cwd, { recursive: true }));

const at = (name: string) => join(cwd, name);
const said = (error: unknown, ...args: string[]) => failureOf(error, { server: "http://127.0.0.1:1", args, cwd });
const failing = async (work: Promise<unknown>) =>
  work.then(
    () => Promise.reject(new Error("it did not fail")),
    (error: unknown) => error,
  );

it.each([
  ["a folder that is no file", () => readFile(cwd), `${cwd} cannot be read: it is a directory`],
  ["a file that is no folder", () => readdir(at("file")), "file cannot be read: not a directory"],
  ["a file above", () => stat(at("file/x")), "file/x cannot be read: not a directory"],
  ["nothing", () => readFile(at("none")), "none cannot be opened: no such file or directory"],
  ["a link in a circle", () => readFile(at("loop")), "loop cannot be opened: too many symbolic links encountered"],
  ["a long name", () => stat(at("n".repeat(300))), `${"n".repeat(300)} cannot be read: name too long`],
  ["a file in the way", () => mkdir(at("file")), "file cannot be written: a file is in its way"],
  ["a move", () => rename(at("none"), at("other")), "none cannot be written: no such file or directory"],
  ["no space", () => writeFile("/dev/full", "x"), "a file cannot be written: no space left on device"],
])("%s is said in words, and is not our fault", async (_, work, message) => {
  const args = ["file", "file/x", "none", "loop", `--out=${"n".repeat(300)}`];
  expect(said(await failing(work()), ...args)).toMatchObject({ exitCode: 2, code: "invalid_argument", message });
});

it("permissions count as well, whoever asks", () => {
  const error = Object.assign(new Error("EACCES: …"), { code: "EACCES", errno: -13, syscall: "mkdir", path: "/x" });
  expect(said(error)).toMatchObject({ exitCode: 2, message: "/x cannot be written: permission denied" });
});

it("what is no file, or a fault of the program, stays one", async () => {
  const refused = new Promise((_, fail) => connect(at("no.socket")).once("error", fail));
  expect(said(await failing(refused)).exitCode).toBe(3);
  const closed = Object.assign(new Error("EBADF: …"), { code: "EBADF", errno: -9, syscall: "read" });
  expect(said(closed).exitCode).toBe(3);
});
