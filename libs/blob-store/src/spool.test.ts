import { mkdtemp, readdir, rm, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestsOf } from "@mintmark/crypto/digests";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openSpool } from "./spool.ts";
import { breaking, pieces, randomBytes } from "./testing/blob-store-battery.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "mintmark-spool-"));
});
afterAll(() => rm(root, { recursive: true }));

it("keeps uploads in a folder that only its account may enter", async () => {
  await openSpool(join(root, "own"));
  expect((await stat(join(root, "own"))).mode & 0o777).toBe(0o700);
});

it("drops what nobody went on with for a week, also while it stays open", async () => {
  let now = Date.now();
  const directory = join(root, "long");
  const spool = await openSpool(directory, () => now);
  const left = randomBytes(1_000);
  await expect(spool.take(digestsOf(left), breaking(left, 500), 0, async () => {})).rejects.toThrow();
  const { blake3 } = digestsOf(left);
  const old = new Date(now - 8 * 24 * 3600 * 1000);
  await utimes(join(directory, blake3), old, old);
  const next = async () => {
    const bytes = randomBytes(10);
    await spool.take(digestsOf(bytes), pieces(bytes, 10), 0, (path) => rm(path));
  };
  await next();
  expect(await readdir(directory)).toEqual([blake3]);
  now += 61 * 60_000;
  await next();
  expect(await readdir(directory)).toEqual([]);
});
