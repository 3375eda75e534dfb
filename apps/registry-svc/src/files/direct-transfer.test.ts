import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BlobStore, openBlobStore } from "@mintmark/blob-store";
import { digestsOf } from "@mintmark/crypto/digests";
import { needsS3, type S3Server, startS3 } from "@mintmark/testing/s3";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { freeze } from "../testing/files.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";
import { abortUpload, beginUpload, completeUpload, downloadUrl } from "./direct-transfer.ts";
import { findFile } from "./find-file.ts";

describe.runIf(needsS3())("with a bucket", () => {
  let server: S3Server;
  let registry: TestRegistry;
  let spool: string;
  let deps: TestRegistry["deps"] & { readonly blobs: BlobStore };

  beforeAll(async () => {
    server = await startS3("models");
    for (const [name, value] of Object.entries(server.env)) vi.stubEnv(name, value);
    registry = await testRegistry();
    spool = await mkdtemp(join(tmpdir(), "mintmark-spool-"));
    deps = { ...registry.deps, blobs: await openBlobStore("s3://models/team", { spoolDirectory: spool }) };
  });
  afterAll(async () => {
    deps?.blobs.close();
    await registry?.close();
    await server?.stop();
    vi.unstubAllEnvs();
    if (spool !== undefined) await rm(spool, { recursive: true });
  });

  /** S3 wants 5 MiB of each part but the last. */
  const bytes = Buffer.alloc((5 << 20) + 1000, "mintmark ");
  const pieces = [bytes.subarray(0, 5 << 20), bytes.subarray(5 << 20)];
  const at = (path: string) => ({ path, actor: "test" });

  async function sendParts(urls: readonly string[]) {
    return await Promise.all(
      urls.map(async (url, i) => {
        const answer = await fetch(url, { method: "PUT", body: new Uint8Array(pieces[i]!) });
        expect(answer.status).toBe(200);
        return { number: i + 1, etag: answer.headers.get("etag")! };
      }),
    );
  }

  it("an upload in parts becomes a file by its digests, however often it is completed", async () => {
    const { id, urls } = await beginUpload(deps, at("d/file"), 2);
    const parts = await sendParts(urls);
    await expect(findFile(deps.db, "d/file")).rejects.toMatchObject({ reason: "FILE_NOT_FOUND" });
    await completeUpload(deps, at("d/file"), id, parts);
    await completeUpload(deps, at("d/file"), id, parts);
    const { blake3, size } = digestsOf(bytes);
    expect(await findFile(deps.db, "d/file")).toMatchObject({ blake3, size });

    const download = await downloadUrl(deps, "d/file");
    expect(download.size).toBe(size);
    const answer = await fetch(download.url, { headers: { range: "bytes=8-15" } });
    expect([answer.status, await answer.text()]).toEqual([206, " mintmar"]);
  });

  it("an upload goes on where completing it was cut off", async () => {
    const { id, urls } = await beginUpload(deps, at("d/cut"), 2);
    const parts = await sendParts(urls);
    const { store_id } = await deps.db
      .selectFrom("file_upload")
      .select("store_id")
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
    // As if the process had died after the bucket joined the parts.
    await deps.blobs.direct!.complete({ name: id, id: store_id }, parts);
    await completeUpload(deps, at("d/cut"), id, parts);
    expect(await findFile(deps.db, "d/cut")).toMatchObject({ size: bytes.length });
  });

  it("an upload that was given up is gone, also the second time", async () => {
    const { id, urls } = await beginUpload(deps, at("d/none"), 2);
    const parts = await sendParts(urls);
    await abortUpload(deps, "d/none", id);
    await abortUpload(deps, "d/none", id);
    await expect(completeUpload(deps, at("d/none"), id, parts)).rejects.toMatchObject({ reason: "UPLOAD_NOT_FOUND" });
  });

  it("an upload ends under the path for which it began, and only with its parts", async () => {
    const { id, urls } = await beginUpload(deps, at("d/own"), 2);
    const parts = await sendParts(urls);
    const other = completeUpload(deps, at("d/other"), id, parts);
    await expect(other).rejects.toMatchObject({ reason: "UPLOAD_NOT_FOUND" });
    const wrong = completeUpload(deps, at("d/own"), id, [{ number: 7, etag: '"none"' }]);
    await expect(wrong).rejects.toMatchObject({ reason: "UPLOAD_PARTS_REFUSED" });
    await completeUpload(deps, at("d/own"), id, parts);
  });

  it.each([0, 10_001])("%i parts are refused", async (parts) => {
    await expect(beginUpload(deps, at("d/x"), parts)).rejects.toMatchObject({ reason: "REQUEST_INVALID" });
  });

  it("a folder that is frozen meanwhile takes no upload", async () => {
    const { id, urls } = await beginUpload(deps, at("frozen/late"), 2);
    const parts = await sendParts(urls);
    await freeze(deps, "frozen");
    const late = completeUpload(deps, at("frozen/late"), id, parts);
    await expect(late).rejects.toMatchObject({ reason: "FOLDER_FROZEN" });
    await expect(beginUpload(deps, at("frozen/later"), 1)).rejects.toMatchObject({ reason: "FOLDER_FROZEN" });
  });
});
