import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ListMultipartUploadsCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { digestsOf } from "@mintmark/crypto/digests";
import { needsS3, type S3Server, startS3 } from "@mintmark/testing/s3";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { blobPath } from "./blob-store.ts";
import { openBlobStore } from "./open-blob-store.ts";
import { openS3Store } from "./s3-store.ts";
import { blobStoreBattery, collect, pieces, put, randomBytes } from "./testing/blob-store-battery.ts";

const bucket = "models";

describe.runIf(needsS3())("with a server of S3", () => {
  let server: S3Server;
  let client: S3Client;

  beforeAll(async () => {
    server = await startS3(bucket);
    for (const [name, value] of Object.entries(server.env)) vi.stubEnv(name, value);
    client = new S3Client({ region: "us-east-1", forcePathStyle: true });
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    client?.destroy();
    await server?.stop();
  });

  blobStoreBattery("s3 store", async () => {
    const spoolDirectory = await mkdtemp(join(tmpdir(), "mintmark-spool-"));
    const prefix = "team/a";
    return {
      open: () => openS3Store({ bucket, prefix, spoolDirectory }),
      corrupt: async (blake3, Body) => {
        await client.send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}/${blobPath(blake3)}`, Body }));
      },
      leftovers: async () => {
        const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
        return (await readdir(spoolDirectory)).length + Uploads.length;
      },
      dispose: () => rm(spoolDirectory, { recursive: true }),
    };
  });

  it("keeps what was received while the bucket does not take it, and sends it later", async () => {
    const spoolDirectory = await mkdtemp(join(tmpdir(), "mintmark-spool-"));
    const bytes = randomBytes(20 << 20);
    const digests = digestsOf(bytes);
    const nowhere = await openS3Store({ bucket: "no-such-bucket", prefix: "", spoolDirectory });
    await expect(put(nowhere, bytes)).rejects.toThrow();
    const store = await openS3Store({ bucket, prefix: "", spoolDirectory });
    expect(await store.received(digests.blake3)).toBe(bytes.length);
    await store.write(digests, pieces(new Uint8Array(), 1), bytes.length);
    expect(await collect(store.read(digests.blake3))).toEqual(bytes);
    await rm(spoolDirectory, { recursive: true });
  });

  it("is what an address of kind s3 opens", async () => {
    const spoolDirectory = await mkdtemp(join(tmpdir(), "mintmark-spool-"));
    const store = await openBlobStore(`s3://${bucket}/by/address/`, { spoolDirectory });
    const { blake3 } = await put(store, randomBytes(100));
    const direct = await openS3Store({ bucket, prefix: "by/address", spoolDirectory });
    expect(await direct.size(blake3)).toBe(100);
    await rm(spoolDirectory, { recursive: true });
  });
});
