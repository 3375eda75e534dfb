/**
 * Blobs as objects of an S3 bucket: `<prefix>/blobs/<first two digits>/<blake3>`.
 *
 * An upload is received into a local spool directory first: only there can it be resumed at any byte and be refused before
 * anybody sees it. It goes to the bucket once it is right, in parts where it is large, and the object appears whole. The
 * price is local space for the uploads under way, and that an upload is resumed at the registry where it began.
 * @module
 */
import { open, rm, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  S3ServiceException,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { isHexDigest } from "@mintmark/crypto/manifest";
import { type BlobStore, blobPath, type ReadOptions } from "./blob-store.ts";
import { presentOf } from "./present-of.ts";
import { resolveRange } from "./read-range.ts";
import { s3Direct } from "./s3-direct.ts";
import { openSpool } from "./spool.ts";
import { verifiedRead } from "./verified-read.ts";

/** Above it an object is sent in parts; 10,000 parts, the limit of S3, are then 160 GiB. */
const partBytes = 16 << 20;
const readChunkBytes = 1 << 20;

export interface S3StoreOptions {
  readonly bucket: string;
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string;
  /** A local directory for the uploads under way. */
  readonly spoolDirectory: string;
}

/** Credentials, region and endpoint come from the usual AWS variables. */
export async function openS3Store({ bucket, prefix, spoolDirectory }: S3StoreOptions): Promise<BlobStore> {
  const client = connect();
  // Whoever uses a signed URL cannot know which checksum was signed with it.
  const signing = connect({ requestChecksumCalculation: "WHEN_REQUIRED" });
  const spool = await openSpool(spoolDirectory);
  const keyOf = (path: string) => (prefix === "" ? path : `${prefix}/${path}`);
  const keyOfBlob = (blake3: string) => keyOf(blobPath(blake3));
  const locate = (blake3: string) => ({ Bucket: bucket, Key: keyOfBlob(blake3) });
  const size = async (blake3: string) => (isHexDigest(blake3) ? await sizeOf(client, locate(blake3)) : undefined);

  return {
    size,
    has: (wanted) => presentOf(wanted, 32, size),
    received: spool.received,
    write: (description, source, offset = 0) =>
      spool.take(description, source, offset, async (complete) => {
        await upload(client, locate(description.blake3), complete);
        await rm(complete);
      }),
    store: (source) =>
      spool.takeUnnamed(source, async (complete, digests) => {
        if ((await size(digests.blake3)) !== digests.size) await upload(client, locate(digests.blake3), complete);
        await rm(complete);
      }),
    read: async function* (blake3: string, range: ReadOptions = {}) {
      const { offset, length, whole } = resolveRange(blake3, await size(blake3), range);
      const chunks = download(client, locate(blake3), offset, length);
      yield* whole ? verifiedRead(blake3, chunks) : chunks;
    },
    direct: s3Direct({ client: signing, bucket, keyOf, keyOfBlob }),
    close: () => {
      client.destroy();
      signing.destroy();
    },
  };
}

interface Location {
  readonly Bucket: string;
  readonly Key: string;
}

function connect(config: S3ClientConfig = {}): S3Client {
  const custom = process.env["AWS_ENDPOINT_URL_S3"] ?? process.env["AWS_ENDPOINT_URL"];
  const region = process.env["AWS_REGION"] ?? process.env["AWS_DEFAULT_REGION"] ?? "us-east-1";
  // Stores other than Amazon's rarely have a host name for each bucket.
  const patience = process.env["AWS_MAX_ATTEMPTS"] === undefined ? { maxAttempts } : {};
  return new S3Client({ region, forcePathStyle: custom !== undefined, ...patience, ...config });
}

/**
 * Of one request, with growing pauses, some seconds in all. Three, the SDK's own number, were over after 31 ms where a store
 * answered one request in some thousands with 500.
 */
const maxAttempts = 6;

async function sizeOf(client: S3Client, location: Location): Promise<number | undefined> {
  try {
    return (await client.send(new HeadObjectCommand(location))).ContentLength;
  } catch (error) {
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined;
    throw error;
  }
}

async function upload(client: S3Client, location: Location, path: string): Promise<void> {
  const { size } = await stat(path);
  if (size > partBytes) return await uploadInParts(client, location, path, size);
  const Body = await readPart(path, 0, size);
  await client.send(new PutObjectCommand({ ...location, Body }));
}

/** Parts are whole buffers, so that the client can send one again. */
async function uploadInParts(client: S3Client, location: Location, path: string, size: number): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(location));
  try {
    const Parts: CompletedPart[] = [];
    for (let offset = 0; offset < size; offset += partBytes) {
      const PartNumber = Parts.length + 1;
      const Body = await readPart(path, offset, Math.min(partBytes, size - offset));
      const { ETag } = await client.send(new UploadPartCommand({ ...location, UploadId, PartNumber, Body }));
      Parts.push({ PartNumber, ETag });
    }
    await client.send(new CompleteMultipartUploadCommand({ ...location, UploadId, MultipartUpload: { Parts } }));
  } catch (error) {
    // Parts that stay behind cost money; that they could not be removed is less important than why the upload failed.
    await client.send(new AbortMultipartUploadCommand({ ...location, UploadId })).catch(() => {});
    throw error;
  }
}

async function readPart(path: string, offset: number, length: number): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const part = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const { bytesRead } = await file.read(part, done, length - done, offset + done);
      if (bytesRead === 0) throw new Error(`'${path}' ended before byte ${offset + length}`);
      done += bytesRead;
    }
    return part;
  } finally {
    await file.close();
  }
}

async function* download(
  client: S3Client,
  location: Location,
  offset: number,
  length: number,
): AsyncGenerator<Uint8Array> {
  if (length === 0) return;
  const Range = `bytes=${offset}-${offset + length - 1}`;
  const { Body } = await client.send(new GetObjectCommand({ ...location, Range }));
  for await (const chunk of Body as Readable as AsyncIterable<Uint8Array>) {
    for (let at = 0; at < chunk.length; at += readChunkBytes) yield chunk.subarray(at, at + readChunkBytes);
  }
}
