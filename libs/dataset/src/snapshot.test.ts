import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
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
  await expect(findSnapshots("data", directory)).rejects.toMatchObject({ reason: "DATA_FILE_NOT_FOUND" });
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
