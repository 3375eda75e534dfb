import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, ListMultipartUploadsCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { digestsOf } from "@mintmark/crypto/digests";
import { freePort } from "@mintmark/testing/free-port";
import { needsPython, python } from "@mintmark/testing/needs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { blobPath } from "./blob-store.ts";
import { openBlobStore } from "./open-blob-store.ts";
import { openS3Store } from "./s3-store.ts";
import { blobStoreBattery, collect, pieces, put, randomBytes } from "./testing/blob-store-battery.ts";

const bucket = "models";

/** moto is an S3 of its own, in Python, that answers over HTTP. */
describe.runIf(needsPython(["moto.server"], "'moto[s3,server]'"))("with a server of S3", () => {
  let server: ChildProcess;
  let client: S3Client;

  beforeAll(async () => {
    const port = await freePort();
    server = spawn(python, ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
    vi.stubEnv("AWS_ENDPOINT_URL_S3", `http://127.0.0.1:${port}`);
    vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
    await reachable(`http://127.0.0.1:${port}/moto-api/`);
    client = new S3Client({ region: "us-east-1", forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    client?.destroy();
    server?.kill();
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

async function reachable(url: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const response = await fetch(url).catch(() => undefined);
    if (response !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${url} did not answer within 60 s`);
}
