import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { openBlobStore } from "./open-blob-store.ts";
import { put, randomBytes } from "./testing/blob-store-battery.ts";

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
