/**
 * Uploads what the registry lacks, and goes on where a transfer broke off.
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { eachLimited } from "@mintmark/async/each-limited";
import type { Digests } from "@mintmark/crypto/digests";
import type { UploadBlobRequestSchema } from "@mintmark/proto/mintmark/registry/v1/artifact_service";
import { putBlob } from "./bulk-http.ts";
import type { RegistryClient } from "./connect.ts";
import { isTransferBroken } from "./failure.ts";
import type { LocalBlob } from "./local-blob.ts";
import { resume } from "./resume.ts";

/** From this size on a request of its own is worth it. */
export const bulkBytes = 4 << 20;
/** The most digests that one FindMissingBlobs takes. */
const askedAtOnce = 10_000;
const transfersAtOnce = 4;

export interface TransferOptions {
  /** Called as bytes move; `total` is known from the start. */
  readonly onProgress?: (bytes: { readonly done: number; readonly total: number }) => void;
  readonly signal?: AbortSignal | undefined;
}

/** What an upload came to. */
export interface UploadSummary {
  /** How many blobs the registry lacked. */
  readonly blobs: number;
  readonly bytes: number;
}

/** @throws ConnectError if the registry refuses a blob, or cannot be reached for a while */
export async function uploadBlobs(
  client: RegistryClient,
  blobs: readonly LocalBlob[],
  { onProgress, signal }: TransferOptions = {},
): Promise<UploadSummary> {
  const missing = await findMissing(client, blobs, signal);
  const total = missing.reduce((bytes, { size }) => bytes + size, 0);
  const sent = new Map<string, number>();
  let done = 0;
  const report = (blob: Digests, reached: number) => {
    done += reached - (sent.get(blob.blake3) ?? 0);
    sent.set(blob.blake3, reached);
    onProgress?.({ done, total });
  };
  await eachLimited(missing, transfersAtOnce, (blob) =>
    uploadBlob(client, blob, { signal, report: (reached) => report(blob, reached) }),
  );
  return { blobs: missing.length, bytes: total };
}

/** Each digest once, also where two files have the same bytes. */
async function findMissing(
  client: RegistryClient,
  blobs: readonly LocalBlob[],
  signal: AbortSignal | undefined,
): Promise<LocalBlob[]> {
  const byDigest = new Map(blobs.map((blob) => [blob.blake3, blob]));
  const digests = [...byDigest.keys()];
  const missing: LocalBlob[] = [];
  for (let at = 0; at < digests.length; at += askedAtOnce) {
    const request = { blake3: digests.slice(at, at + askedAtOnce) };
    const answer = await client.artifacts.findMissingBlobs(request, callOptions(signal));
    for (const blake3 of answer.blake3) if (byDigest.has(blake3)) missing.push(byDigest.get(blake3)!);
  }
  return missing;
}

interface OneUpload {
  readonly signal: AbortSignal | undefined;
  readonly report: (reached: number) => void;
}

async function uploadBlob(client: RegistryClient, blob: LocalBlob, { signal, report }: OneUpload): Promise<void> {
  let offset = 0;
  let isFirst = true;
  await resume({
    attempt: async () => {
      // Somebody may have begun it before, also in another process: a large one is worth asking for.
      if (!isFirst || blob.size >= bulkBytes) {
        const upload = await client.artifacts.getUpload({ blake3: blob.blake3 }, callOptions(signal));
        if (upload.complete) return report(blob.size);
        offset = Number(upload.receivedBytes);
      }
      isFirst = false;
      await send(client, blob, offset, { signal, report });
    },
    progress: () => offset,
    isRetryable: (error) => !signal?.aborted && isTransferBroken(error),
  });
  report(blob.size);
}

async function send(client: RegistryClient, blob: LocalBlob, offset: number, upload: OneUpload): Promise<void> {
  const { signal, report } = upload;
  const body = counted(blob.open(offset), (bytes) => report(offset + bytes));
  if (client.bulk !== undefined && blob.size >= bulkBytes) await putBlob(client.bulk, { blob, offset, body, signal });
  else await client.artifacts.uploadBlob(messages(blob, offset, body), callOptions(signal));
}

async function* counted(
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
  report: (bytes: number) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let bytes = 0;
  for await (const chunk of chunks) {
    yield chunk;
    bytes += chunk.length;
    report(bytes);
  }
}

async function* messages(
  { blake3, sha256, size }: Digests,
  offset: number,
  body: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<MessageInitShape<typeof UploadBlobRequestSchema>> {
  const value = { blake3, sha256, size: BigInt(size), offset: BigInt(offset) };
  yield { part: { case: "description", value } };
  for await (const chunk of body) yield { part: { case: "chunk", value: chunk } };
}

function callOptions(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
