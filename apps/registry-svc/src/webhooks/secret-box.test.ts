import { spawnSync } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needs } from "@mintmark/testing/needs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { secretBox } from "./secret-box.ts";

const hasAge = needs("age", "age", ["--version"], "apt install age");

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "mintmark-box-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));
const identityPath = () => join(directory, "encryption", "webhooks.txt");

describe("a secret", () => {
  it("comes back as it was, with an identity that only its owner can read", async () => {
    const sealed = await secretBox(directory).seal("hölle 🔥");
    expect(Buffer.from(sealed).includes("lle")).toBe(false);
    expect(await secretBox(directory).open(sealed)).toBe("hölle 🔥");
    expect((await stat(identityPath())).mode & 0o777).toBe(0o600);
  });

  it("is kept to one identity by registries that begin at the same time", async () => {
    const sealed = await Promise.all(Array.from({ length: 8 }, (_, n) => secretBox(directory).seal(`s${n}`)));
    const opened = await Promise.all(sealed.map((one) => secretBox(directory).open(one)));
    expect(opened).toEqual(["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"]);
  });

  it.runIf(hasAge)("is an age file that age decrypts with that identity", async () => {
    const sealed = join(directory, "sealed.age");
    await writeFile(sealed, await secretBox(directory).seal("for age"));
    const { stdout, status } = spawnSync("age", ["-d", "-i", identityPath(), sealed], { encoding: "utf8" });
    expect([status, stdout]).toEqual([0, "for age"]);
  });

  it("is not opened with an identity that others can read", async () => {
    const sealed = await secretBox(directory).seal("x");
    await chmod(identityPath(), 0o644);
    await expect(secretBox(directory).open(sealed)).rejects.toMatchObject({ reason: "KEY_FILE_EXPOSED" });
  });

  it("is not opened with another identity, and none is made for opening", async () => {
    const sealed = await secretBox(directory).seal("x");
    await rm(identityPath());
    await expect(secretBox(directory).open(sealed)).rejects.toMatchObject({ reason: "KEY_FILE_MISSING" });
    await secretBox(directory).seal("y");
    await expect(secretBox(directory).open(sealed)).rejects.toMatchObject({ reason: "KEY_FILE_INVALID" });
    expect(await readFile(identityPath(), "utf8")).toMatch(/^# public key: age1\w+\nAGE-SECRET-KEY-1\w+\n$/);
  });

  it("is refused where no identity can be kept, without telling the path", async () => {
    const file = join(directory, "file");
    await writeFile(file, "");
    await expect(secretBox(file).seal("x")).rejects.toMatchObject({
      reason: "WEBHOOK_SECRET_UNKEPT",
      message: expect.not.stringContaining(directory),
    });
  });
});
