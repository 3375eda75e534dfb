/**
 * Registers any model directory: hashes and signs it here, uploads what is missing, then registers the version.
 * @module
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { SigningKeys } from "@mintmark/crypto/keys";
import type { ProvenanceFacts } from "@mintmark/crypto/provenance";
import type {
  RegisterVersionRequestSchema,
  RegisterVersionResponse,
} from "@mintmark/proto/mintmark/registry/v1/version_service";
import type { RegistryClient } from "./connect.ts";
import { hashDirectory } from "./hash-directory.ts";
import { fileBlob } from "./local-blob.ts";
import { signModel } from "./sign-model.ts";
import { type TransferOptions, uploadBlobs } from "./upload-blobs.ts";

type RegisterVersionInit = MessageInitShape<typeof RegisterVersionRequestSchema>;

export interface PushOptions extends TransferOptions {
  /** What to register beside files and documents: model, run, aliases, tags, facts … */
  readonly request: Omit<RegisterVersionInit, "$typeName" | "files" | "documents"> & { readonly model: string };
  readonly keys: SigningKeys;
  /** Where it comes from; left out for a model that was not trained here. */
  readonly provenance?: ProvenanceFacts;
}

/**
 * Nothing is registered before every byte is there. `.mintmark/` in the directory is left out.
 * @throws AppError as `hashDirectory` does
 * @throws ConnectError if the registry refuses the version, or cannot be reached for a while
 */
export async function pushDirectory(
  client: RegistryClient,
  directory: string,
  { request, keys, provenance, ...transfer }: PushOptions,
): Promise<RegisterVersionResponse> {
  const { files } = await hashDirectory(directory);
  const documents = signModel({ files, name: request.model, keys, provenance });
  await uploadBlobs(
    client,
    files.map((file) => fileBlob(file.location, file)),
    transfer,
  );
  return await client.versions.registerVersion({ ...request, files: manifestFiles(files), documents });
}

/** The files as RegisterVersion takes them. */
export function manifestFiles(
  files: readonly { readonly path: string; readonly size: number; readonly blake3: string; readonly sha256: string }[],
): { path: string; size: bigint; blake3: string; sha256: string }[] {
  return files.map(({ path, size, blake3, sha256 }) => ({ path, size: BigInt(size), blake3, sha256 }));
}
