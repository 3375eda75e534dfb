import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { digestsOf } from "@mintmark/crypto/digests";
import { describe, expect, it } from "vitest";
import { openBlobStore, readLocalBlobs } from "./open-blob-store.ts";
import { collect, put, randomBytes } from "./testing/blob-store-battery.ts";

describe("openBlobStore", () => {
  it("opens a directory, making it if it is missing", async () => {
    const root = await mkdtemp(join(tmpdir(), "mintmark-blobs-"));
    const uri = pathToFileURL(join(root, "a folder", "blobs")).href;
    const { blake3 } = await put(await openBlobStore(uri), randomBytes(5));
    expect(await (await openBlobStore(uri)).size(blake3)).toBe(5);
    await rm(root, { recursive: true });
  });

  it.each(["", "/data/blobs", "gs://bucket/prefix", "s3://", "s3:///prefix"])(
    "refuses the address '%s'",
    async (uri) => {
      await expect(openBlobStore(uri)).rejects.toMatchObject({ reason: "BLOB_STORE_INVALID" });
    },
  );

  it("says why a directory cannot be used", async () => {
    const root = await mkdtemp(join(tmpdir(), "mintmark-blobs-"));
    await writeFile(join(root, "file"), "");
    const uri = pathToFileURL(join(root, "file")).href;
    await expect(openBlobStore(uri)).rejects.toThrow(/cannot be used \((EEXIST|ENOTDIR)/);
    await rm(root, { recursive: true });
  });
});

describe("readLocalBlobs", () => {
  it("reads what is in a directory, also what comes later, and creates nothing", async () => {
    const root = await mkdtemp(join(tmpdir(), "mintmark-blobs-"));
    const uri = pathToFileURL(join(root, "blobs")).href;
    const reader = readLocalBlobs(uri)!;
    const bytes = randomBytes(5);
    await expect(collect(reader.read(digestsOf(bytes).blake3))).rejects.toMatchObject({ reason: "BLOB_NOT_FOUND" });
    expect(await readdir(root)).toEqual([]);
    const { blake3 } = await put(await openBlobStore(uri), bytes);
    expect(await collect(reader.read(blake3))).toEqual(bytes);
    await rm(root, { recursive: true });
  });

  it.each(["", "s3://bucket/prefix"])("has nothing to read from at '%s'", (uri) => {
    expect(readLocalBlobs(uri)).toBeUndefined();
  });
});
