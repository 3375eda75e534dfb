/**
 * Brings local files into the registry by digest: what it holds already is not sent again, and an upload that broke off
 * goes on where it was.
 * @module
 */
import { createReadStream } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { UploadBlobRequestSchema } from "@mintmark/proto/mintmark/registry/v1/artifact_service";
import { isRetryable } from "@mintmark/registry-client";
import type { Session } from "../session.ts";

/** A file of this machine, and what its bytes are. */
export interface LocalFile {
  readonly name: string;
  readonly path: string;
  readonly blake3: string;
  readonly sha256: string;
  readonly size: number;
}

const chunkBytes = 1 << 20;
const attempts = 5;

export async function uploadSnapshots(session: Session, files: readonly LocalFile[]): Promise<void> {
  const { artifacts } = session.client;
  const { blake3: missing } = await artifacts.findMissingBlobs({ blake3: files.map((file) => file.blake3) });
  for (const file of files) {
    if (!missing.includes(file.blake3)) continue;
    session.progress.line(`upload ${file.name} (${file.size} bytes)`);
    await uploadFile(session, file);
  }
}

async function uploadFile({ client: { artifacts }, signal }: Session, file: LocalFile): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { complete, receivedBytes } = await artifacts.getUpload({ blake3: file.blake3 });
      if (!complete) await artifacts.uploadBlob(messages(file, Number(receivedBytes)), { signal });
      return;
    } catch (error) {
      if (attempt === attempts || !isRetryable(error)) throw error;
      await sleep(200 * 2 ** attempt, undefined, { signal });
    }
  }
}

async function* messages(
  file: LocalFile,
  offset: number,
): AsyncIterable<MessageInitShape<typeof UploadBlobRequestSchema>> {
  const { blake3, sha256, size } = file;
  const description = { blake3, sha256, size: BigInt(size), offset: BigInt(offset) };
  yield { part: { case: "description", value: description } };
  for await (const chunk of createReadStream(file.path, { start: offset, highWaterMark: chunkBytes }))
    yield { part: { case: "chunk", value: chunk as Buffer } };
}
