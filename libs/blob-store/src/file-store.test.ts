import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestsOf } from "@mintmark/crypto/digests";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blobPath } from "./blob-store.ts";
import { openFileStore } from "./file-store.ts";
import { blobStoreBattery, breaking, collect, pieces, randomBytes } from "./testing/blob-store-battery.ts";

blobStoreBattery("file store", async () => {
  const root = await mkdtemp(join(tmpdir(), "mintmark-blobs-"));
  return {
    open: () => openFileStore(root),
    corrupt: (blake3, bytes) => writeFile(join(root, blobPath(blake3)), bytes),
    leftovers: async () => (await readdir(join(root, "partial"))).length,
    dispose: () => rm(root, { recursive: true }),
  };
});

describe("file store, killed", () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "mintmark-blobs-"));
  });
  afterAll(() => rm(root, { recursive: true }));

  it("shows nothing of an upload whose process was killed, and goes on with it", async () => {
    const bytes = randomBytes(8 << 20);
    const digests = digestsOf(bytes);
    await beKilledDuring(root, `store.write(${JSON.stringify(digests)}, source())`, bytes.subarray(0, 6 << 20));
    const store = await openFileStore(root);
    expect(await store.has([digests])).toEqual(new Set());
    const received = await store.received(digests.blake3);
    // What was gathered and under way when it died is lost.
    expect(received).toBeGreaterThan(2 << 20);
    expect(received).toBeLessThanOrEqual(6 << 20);
    await store.write(digests, pieces(bytes.subarray(received), 65_536), received);
    expect(await collect(store.read(digests.blake3))).toEqual(bytes);
  });

  it("throws away bytes of unknown digest whose process was killed", async () => {
    await beKilledDuring(root, "store.store(source())", randomBytes(2 << 20));
    expect(await readdir(join(root, "partial"))).toHaveLength(1);
    await openFileStore(root);
    expect(await readdir(join(root, "partial"))).toEqual([]);
  });

  it("leaves the uploads of living processes alone when it is opened", async () => {
    const store = await openFileStore(root);
    const bytes = randomBytes(3_000_000);
    const digests = digestsOf(bytes);
    const { promise: opened, resolve } = Promise.withResolvers<void>();
    const source = async function* () {
      yield bytes.subarray(0, 1_500_000);
      await opened;
      yield bytes.subarray(1_500_000);
    };
    const upload = store.write(digests, source());
    const other = await openFileStore(root);
    expect(await other.received(digests.blake3)).toBe(0);
    resolve();
    expect(await upload).toEqual(digests);
  });

  it("drops what nobody went on with for a week", async () => {
    const store = await openFileStore(root);
    const bytes = randomBytes(1000);
    const { blake3 } = digestsOf(bytes);
    await expect(store.write(digestsOf(bytes), breaking(bytes, 500))).rejects.toThrow();
    const old = new Date(Date.now() - 8 * 24 * 3600 * 1000);
    await utimes(join(root, "partial", blake3), old, old);
    expect(await (await openFileStore(root)).received(blake3)).toBe(0);
  });
});

/** Another process makes the call with `bytes` as its source, waits for the rest, and is killed. */
async function beKilledDuring(root: string, call: string, bytes: Uint8Array): Promise<void> {
  const script = `
    import { openFileStore } from ${JSON.stringify(new URL("./file-store.ts", import.meta.url).href)};
    const store = await openFileStore(${JSON.stringify(root)});
    async function* source() {
      for await (const chunk of process.stdin) yield chunk;
      process.stdout.write("received");
      setInterval(() => {}, 1000);
      await new Promise(() => {});
    }
    await ${call};`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(bytes);
  await new Promise((resolve) => child.stdout.once("data", resolve));
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
}
