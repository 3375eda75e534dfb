/**
 * RPC face of blobs.
 * @module
 */
import type { ServiceImpl } from "@connectrpc/connect";
import type {
  ArtifactService,
  BlobDescription,
  UploadBlobRequest,
} from "@mintmark/proto/mintmark/registry/v1/artifact_service";
import { invalid, requireCount } from "../fields.ts";
import type { ServiceDeps } from "../service-deps.ts";
import { oneAtATime } from "./scrub-blobs.ts";
import { findBlob, findStored, requireDigest, requireSize, storeBlob } from "./store-blob.ts";

const maxDigests = 10_000;

export function artifactService(
  deps: Pick<ServiceDeps, "db" | "blobs" | "closing">,
): ServiceImpl<typeof ArtifactService> {
  const scrub = oneAtATime(deps);
  return {
    async findMissingBlobs({ blake3 }) {
      requireCount("blake3", blake3.length, maxDigests);
      for (const digest of blake3) requireDigest("blake3", digest);
      const stored = await findStored(deps, blake3);
      return { blake3: [...new Set(blake3)].filter((digest) => !stored.has(digest)) };
    },
    async getUpload({ blake3 }) {
      const stored = await findStored(deps, [requireDigest("blake3", blake3)]);
      if (!stored.has(blake3)) return { complete: false, receivedBytes: BigInt(await deps.blobs.received(blake3)) };
      return { complete: true, receivedBytes: BigInt((await deps.blobs.size(blake3)) ?? 0) };
    },
    async uploadBlob(messages) {
      const stream = messages[Symbol.asyncIterator]();
      const description = await readDescription(stream);
      const { blake3, sha256, size } = await storeBlob(
        deps,
        {
          blake3: requireDigest("blake3", description.blake3),
          sha256: requireDigest("sha256", description.sha256),
          size: requireSize("size", description.size),
        },
        chunksOf(stream),
        requireSize("offset", description.offset),
      );
      return { blake3, sha256, size: BigInt(size) };
    },
    async *downloadBlob({ blake3, offset, length }) {
      const { size } = await findBlob(deps.db, requireDigest("blake3", blake3));
      const range = {
        size,
        ...(offset === 0n ? {} : { offset: requireSize("offset", offset) }),
        ...(length === 0n ? {} : { length: requireSize("length", length) }),
      };
      for await (const chunk of deps.blobs.read(blake3, range)) yield { chunk };
    },
    scrubBlobs: (_, { signal }) => scrub(AbortSignal.any([signal, deps.closing])),
  };
}

async function readDescription(stream: AsyncIterator<UploadBlobRequest>): Promise<BlobDescription> {
  const first = await stream.next();
  if (first.done !== true && first.value.part.case === "description") return first.value.part.value;
  throw invalid("description", "must be the first message of an upload");
}

async function* chunksOf(stream: AsyncIterator<UploadBlobRequest>): AsyncIterable<Uint8Array> {
  for (let next = await stream.next(); next.done !== true; next = await stream.next()) {
    const { part } = next.value;
    if (part.case !== "chunk") throw invalid("chunk", "must follow the description");
    yield part.value;
  }
}
