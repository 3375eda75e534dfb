/**
 * Downloads one blob, verifying it on the way, and goes on where the transfer broke off.
 * @module
 */
import { collectDigests, type Digests } from "@mintmark/crypto/digests";
import { AppError } from "@mintmark/errors";
import { getBlob } from "./bulk-http.ts";
import type { RegistryClient } from "./connect.ts";
import { isTransferBroken } from "./failure.ts";
import { resume } from "./resume.ts";
import { bulkBytes } from "./upload-blobs.ts";

export interface DownloadOptions {
  /** Takes the bytes in order; until the download has ended they are not verified. */
  readonly onChunk: (chunk: Uint8Array) => Promise<void> | void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * @throws AppError VERIFICATION_FAILED if the bytes are not those of the digests
 * @throws ConnectError if the registry does not have them, or cannot be reached for a while
 */
export async function downloadBlob(
  client: RegistryClient,
  blob: Digests,
  { onChunk, signal }: DownloadOptions,
): Promise<void> {
  const digests = collectDigests();
  await resume({
    attempt: async () => {
      if (blob.size > 0 && digests.size() === blob.size) return;
      for await (const chunk of chunksFrom(client, blob, digests.size(), signal)) {
        if (digests.size() + chunk.length > blob.size) throw refused(blob, "is longer than stated");
        digests.update(chunk);
        await onChunk(chunk);
      }
    },
    progress: () => digests.size(),
    isRetryable: (error) => !signal?.aborted && isTransferBroken(error),
  });
  const actual = digests.finish();
  if (actual.size !== blob.size) throw refused(blob, `has ${actual.size} bytes`);
  if (actual.blake3 !== blob.blake3 || actual.sha256 !== blob.sha256)
    throw refused(blob, `has BLAKE3 ${actual.blake3}`);
}

async function* chunksFrom(
  client: RegistryClient,
  { blake3, size }: Digests,
  offset: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  if (size === 0) return;
  if (client.bulk !== undefined && size >= bulkBytes) return yield* getBlob(client.bulk, blake3, offset, signal);
  const request = { blake3, offset: BigInt(offset) };
  const options = signal === undefined ? {} : { signal };
  for await (const { chunk } of client.artifacts.downloadBlob(request, options)) yield chunk;
}

function refused({ blake3, size }: Digests, detail: string): AppError {
  const failures = [{ name: "download", detail }];
  return new AppError("VERIFICATION_FAILED", { what: `blob ${blake3} of ${size} bytes`, failures });
}
