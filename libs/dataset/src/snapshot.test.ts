import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readRows } from "./read-rows.ts";
import { findSnapshots, isRemote } from "./snapshot.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "mintmark-snapshot-"));
  await mkdir(join(directory, "data"));
  for (const name of ["b.csv", "a.csv", "[1].csv", "x.json"]) await writeFile(join(directory, "data", name), name);
});
afterAll(() => rm(directory, { recursive: true }));

it("names a file by its path from the training file, with its digests", async () => {
  const path = join(directory, "data", "a.csv");
  expect(await findSnapshots("data/a.csv", directory)).toEqual([
    {
      name: "data/a.csv",
      path,
      size: 5,
      blake3: "2db09236fa889db4e0cd73ac98dc0a01371d8d4c40eb6eeb45cb162ea180d871",
      sha256: "32f29f33d51165a6808e62cc3dfe85d090bc7521591fa6b6f829f061402704dc",
    },
  ]);
  expect((await findSnapshots(path, directory))[0]?.name).toBe("data/a.csv");
});

it("finds all files that match, by name", async () => {
  const names = (await findSnapshots("data/*.csv", directory)).map(({ name }) => name);
  expect(names).toEqual(["data/[1].csv", "data/a.csv", "data/b.csv"]);
});

it("takes a name literally that has the characters of a pattern", async () => {
  expect((await findSnapshots("data/[1].csv", directory)).map(({ name }) => name)).toEqual(["data/[1].csv"]);
});

it("refuses what matches nothing, and directories", async () => {
  await expect(findSnapshots("data/*.parquet", directory)).rejects.toMatchObject({ reason: "DATA_FILE_NOT_FOUND" });
  await expect(findSnapshots("data", directory)).rejects.toThrow("data: it is a folder, and only files are read");
  await expect(findSnapshots("ftp://host/a.csv", directory)).rejects.toMatchObject({ reason: "DATA_SCHEME_UNKNOWN" });
});

it("refuses what is no regular file, also behind a link and of a glob, naming it, and never waits for it", async () => {
  const odd = join(directory, "odd");
  await mkdir(odd);
  execFileSync("mkfifo", [join(odd, "pipe.csv")]);
  for (const [name, to] of [
    ["link.csv", "pipe.csv"],
    ["zero.csv", "/dev/zero"],
    ["loop.csv", "loop.csv"],
    ["gone.csv", "nowhere.csv"],
    ["folder.csv", "."],
  ] as const)
    await symlink(to, join(odd, name));
  for (const [name, problem] of [
    ["pipe.csv", "it is a named pipe, and only regular files are read"],
    ["link.csv", "it is a named pipe"],
    ["zero.csv", "it is a device or a socket"],
    ["loop.csv", "it is a link that leads to itself"],
    ["gone.csv", "it is a link to a file that is not there"],
    ["folder.csv", "it is a folder"],
  ] as const) {
    const refusal = { reason: "DATA_MALFORMED", message: expect.stringContaining(`${join(odd, name)}: ${problem}`) };
    await expect(findSnapshots(`odd/${name.replace(".", "*.")}`, directory)).rejects.toMatchObject(refusal);
    if (name !== "folder.csv") await expect(findSnapshots(`odd/${name}`, directory)).rejects.toMatchObject(refusal);
    const rows = readRows([join(odd, name)], 10);
    await expect(rows.next()).rejects.toMatchObject(refusal);
  }
});

it("tells URIs from files", () => {
  expect(["https://a/b.csv", "s3://a/b.csv", "a.csv", "/a.csv", "C:\\a.csv"].map(isRemote)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});
