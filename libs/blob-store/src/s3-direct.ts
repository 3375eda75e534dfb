/**
 * Uploads and downloads that go between a client and the bucket, past this process: it signs the URLs.
 *
 * Bytes that arrived in parts lie at `incoming/<upload>` until they have been read back, for only then their digests, and so
 * their name, are known. Parts of uploads that nobody ends or gives up cost space: the bucket wants a lifecycle rule for
 * incomplete multipart uploads.
 * @module
 */
import type { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type S3Client,
  S3ServiceException,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { type Digests, digestsOfStream } from "@mintmark/crypto/digests";
import { AppError } from "@mintmark/errors";
import type { DirectTransfer, PartsUpload } from "./blob-store.ts";

/** Long enough for a large upload on a slow line. */
const uploadUrlSeconds = 12 * 60 * 60;
const downloadUrlSeconds = 15 * 60;
/** Of one copy (S3: "CopyObject", 5 GB); above it, an object is copied in parts. */
const maxCopyBytes = 5_000_000_000;
const copyPartBytes = 1_000_000_000;

export interface DirectOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** The key of what is named `path` below the store's root. */
  readonly keyOf: (path: string) => string;
  /** The key of a blob. */
  readonly keyOfBlob: (blake3: string) => string;
}

export function s3Direct({ client, bucket, keyOf, keyOfBlob }: DirectOptions): DirectTransfer {
  const incoming = (name: string) => ({ Bucket: bucket, Key: keyOf(`incoming/${name}`) });
  return {
    begin: async (name) => {
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(incoming(name)));
      if (UploadId === undefined) throw new Error("the bucket began an upload without naming it");
      return UploadId;
    },
    partUrls: async ({ name, id }, parts) => {
      const numbers = Array.from({ length: parts }, (_, i) => i + 1);
      const expiresIn = uploadUrlSeconds;
      return await Promise.all(
        numbers.map((PartNumber) =>
          getSignedUrl(client, new UploadPartCommand({ ...incoming(name), UploadId: id, PartNumber }), { expiresIn }),
        ),
      );
    },
    complete: async (upload, parts) => {
      const from = incoming(upload.name);
      await join(client, from, upload, parts);
      const { Body } = await client.send(new GetObjectCommand(from));
      const digests = await digestsOfStream(Body as Readable as AsyncIterable<Uint8Array>);
      await copy(client, from, { Bucket: bucket, Key: keyOfBlob(digests.blake3) }, digests);
      return digests;
    },
    discard: async ({ name, id }) => {
      await ignoringMissing(client.send(new AbortMultipartUploadCommand({ ...incoming(name), UploadId: id })));
      await ignoringMissing(client.send(new DeleteObjectCommand(incoming(name))));
    },
    downloadUrl: (blake3) =>
      getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key: keyOfBlob(blake3) }), {
        expiresIn: downloadUrlSeconds,
      }),
  };
}

interface Location {
  readonly Bucket: string;
  readonly Key: string;
}

/** Makes one object of the parts, unless an earlier call has done so. */
async function join(
  client: S3Client,
  to: Location,
  { id }: PartsUpload,
  parts: Parameters<DirectTransfer["complete"]>[1],
): Promise<void> {
  const Parts = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag }));
  try {
    await client.send(new CompleteMultipartUploadCommand({ ...to, UploadId: id, MultipartUpload: { Parts } }));
  } catch (error) {
    if (!(error instanceof S3ServiceException) || (error.$metadata.httpStatusCode ?? 500) >= 500) throw error;
    const isJoined = error.name === "NoSuchUpload" && (await isThere(client, to));
    if (!isJoined) throw new AppError("UPLOAD_PARTS_REFUSED", { problem: `${error.name}: ${error.message}` });
  }
}

async function isThere(client: S3Client, location: Location): Promise<boolean> {
  return (await ignoringMissing(client.send(new HeadObjectCommand(location)))) !== undefined;
}

async function copy(client: S3Client, from: Location, to: Location, { size }: Digests): Promise<void> {
  const CopySource = encodeURI(`${from.Bucket}/${from.Key}`);
  if (size <= maxCopyBytes) {
    await client.send(new CopyObjectCommand({ ...to, CopySource }));
    return;
  }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(to));
  try {
    const Parts: CompletedPart[] = [];
    for (let offset = 0; offset < size; offset += copyPartBytes) {
      const PartNumber = Parts.length + 1;
      const CopySourceRange = `bytes=${offset}-${Math.min(offset + copyPartBytes, size) - 1}`;
      const { CopyPartResult } = await client.send(
        new UploadPartCopyCommand({ ...to, UploadId, PartNumber, CopySource, CopySourceRange }),
      );
      Parts.push({ PartNumber, ETag: CopyPartResult?.ETag });
    }
    await client.send(new CompleteMultipartUploadCommand({ ...to, UploadId, MultipartUpload: { Parts } }));
  } catch (error) {
    // Parts that stay behind cost money; that they could not be removed is less important than why the copy failed.
    await client.send(new AbortMultipartUploadCommand({ ...to, UploadId })).catch(() => {});
    throw error;
  }
}

async function ignoringMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined;
    throw error;
  }
}
