/**
 * Verifies a version at the registry: downloads and hashes its files without keeping them.
 * @module
 */
import type { PublicKey } from "@mintmark/crypto/keys";
import type { Check, Verification } from "@mintmark/crypto/verify-model";
import { AppError } from "@mintmark/errors";
import type { Version } from "@mintmark/proto/mintmark/registry/v1/version";
import type { RegistryClient } from "./connect.ts";
import { downloadBlob } from "./download-blob.ts";
import type { TransferOptions } from "./upload-blobs.ts";
import { withFailures } from "./verify-directory.ts";
import { readVersionContent, verifyContent } from "./version-content.ts";

export interface VerifyVersionOptions extends TransferOptions {
  readonly trustedKeys: readonly PublicKey[];
}

/** @throws ConnectError if the version is not there; whatever is wrong with it is a failed check. */
export async function verifyVersion(
  client: RegistryClient,
  uri: string,
  { trustedKeys, onProgress, signal }: VerifyVersionOptions,
): Promise<{ version: Version; verification: Verification }> {
  const content = await readVersionContent(client, uri);
  const total = content.files.reduce((bytes, { size }) => bytes + size, 0);
  let done = 0;
  const failures: Check[] = [];
  for (const file of content.files) {
    const onChunk = (chunk: Uint8Array) => {
      done += chunk.length;
      onProgress?.({ done, total });
    };
    try {
      await downloadBlob(client, file, { onChunk, signal });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      failures.push({ name: "files", ok: false, detail: `'${file.path}': ${error.message}` });
      break;
    }
  }
  const verification = verifyContent(uri, content, content.files, trustedKeys);
  return { version: content.version, verification: withFailures(verification, failures) };
}
